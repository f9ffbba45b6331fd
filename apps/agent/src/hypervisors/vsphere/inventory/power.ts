import { isFault } from '@driftless/vim25'
import type { Ref } from '@driftless/vim25'
import { runTask } from '../connection/run-task.ts'
import type { VCenter } from '../connection/vcenter.ts'

/** A power-on that waits for an answer in vCenter ("was it moved or copied?") would wait for ever. */
const POWER_LIMIT_MS = 120_000

/** A VM as errors name it. */
export interface PoweredVm {
  readonly moref: Ref
  readonly name: string
}

/** Powers the VM on; one that is on already is left alone. Rejects with what to do. */
export async function powerOn(vcenter: VCenter, { moref, name }: PoweredVm): Promise<void> {
  await powerTask(vcenter, moref, 'PowerOnVM_Task').catch((error: unknown) => {
    if (isAlready(error)) return
    if (isTimeout(error)) throw new Error(`${name} was not on within ${POWER_LIMIT_MS / 1000} s. Look in vCenter whether it waits for an answer to a question, or its host for memory.`)
    throw error
  })
}

/** Asks the guest to shut down in order, by VMware Tools; one that is off already is left alone. Never powers it off. */
export async function shutDown(vcenter: VCenter, { moref, name }: PoweredVm): Promise<void> {
  await vcenter.use((vim) => vim.call(moref, 'ShutdownGuest')).catch((error: unknown) => {
    if (isAlready(error)) return
    if (isFault(error, 'ToolsUnavailable')) throw new Error(`VMware Tools do not run in ${name}, so it cannot be asked to shut down, and nothing was powered off. Shut the guest down yourself, from its console; the cutover goes on as soon as it is off.`)
    throw error
  })
}

/** Stops the VM without asking its guest; one that is off already is left alone. For shadow VMs alone. */
export async function powerOff(vcenter: VCenter, { moref }: PoweredVm): Promise<void> {
  await powerTask(vcenter, moref, 'PowerOffVM_Task').catch((error: unknown) => {
    if (!isAlready(error)) throw error
  })
}

const powerTask = (vcenter: VCenter, vm: Ref, method: `${string}_Task`): Promise<unknown> => vcenter.use((vim) => runTask(vim, vm, method, {}, AbortSignal.timeout(POWER_LIMIT_MS)))

/** The VM is in the state that was wanted. */
const isAlready = (error: unknown): boolean => isFault(error, 'InvalidPowerState')

const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === 'TimeoutError'
