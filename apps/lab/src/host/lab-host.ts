import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { labCalls } from '@driftless/lab-api'
import type { LabCall } from '@driftless/lab-api'
import { makeDisk } from '../image/make-disk.ts'
import { mebibytes } from '../scenario.ts'
import type { Scenario, ScenarioVm } from '../scenario.ts'
import { loadState, saveState } from './state.ts'
import type { StoredVm } from './state.ts'
import { vmRuntime } from './vm.ts'
import type { VmRuntime } from './vm.ts'

/** A call that can't be done. `code` is stable. */
export class LabRefusal extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The witness (what guests acknowledged) is written this often; more would cost the disk it measures. */
const WITNESS_MS = 2_000

export type LabHostOptions = { readonly folder: string; readonly nbdFolder: string; readonly traceFile: string | null; readonly scenario: Scenario | null }
export type LabHost = { call(name: LabCall, input: unknown): Promise<unknown>; close(): Promise<void> }

/** Opens a host: its VMs as remembered, or made from the scenario; those that ran run again. */
export async function openLabHost(options: LabHostOptions): Promise<LabHost> {
  const statePath = join(options.folder, 'state.json')
  await mkdir(options.folder, { recursive: true })
  const vms = new Map<string, VmRuntime>()
  let dirty = false
  let closing = false
  let saving: Promise<void> = Promise.resolve()
  const changed = () => {
    dirty = true
  }
  const save = () => {
    saving = saving.then(() => saveState(statePath, [...vms.values()].map((vm) => vm.stored)))
    dirty = false
    return saving
  }
  const add = (stored: StoredVm) => {
    const vm = vmRuntime(stored, changed)
    vms.set(stored.ref, vm)
    return vm
  }

  const remembered = await loadState(statePath)
  for (const stored of remembered ?? (await makeAll(options))) add(stored)
  await save()
  const witness = setInterval(() => void (dirty || vms.size > 0 ? save() : undefined), WITNESS_MS)
  for (const vm of vms.values()) if (vm.stored.wantedOn) vm.on()

  const find = (ref: string): VmRuntime => {
    const vm = vms.get(ref)
    if (!vm) throw new LabRefusal('VM_UNKNOWN', `This host has no VM ${ref}.`)
    return vm
  }

  const calls: { [Name in LabCall]: (input: z.infer<(typeof labCalls)[Name]['input']>) => Promise<z.infer<(typeof labCalls)[Name]['output']>> } = {
    'list-vms': async () => ({ vms: await Promise.all([...vms.values()].map((vm) => vm.describe())) }),
    'describe-vm': async ({ ref }) => ({ vm: await find(ref).describe(), workload: find(ref).stored.workload }),
    'create-vm': async (input) => {
      const present = vms.get(input.ref)
      if (present?.power === 'ON' && present.stored.wantedOn) return {}
      if (present && present.power !== 'OFF') throw new LabRefusal('VM_RUNNING', `${input.ref} is still stopping; create it again when it is off.`)
      add({ ...input, wantedOn: false, firstWriteAtMs: null, lastWriteAtMs: null })
      return {}
    },
    'power-on': async ({ ref }) => {
      find(ref).on()
      return {}
    },
    shutdown: async ({ ref }) => {
      find(ref).shutdown()
      return {}
    },
    'power-off': async ({ ref }) => {
      await find(ref).off()
      return {}
    },
    'remove-vm': async ({ ref }) => {
      const vm = vms.get(ref)
      if (vm && vm.power !== 'OFF') throw new LabRefusal('VM_RUNNING', `${ref} is ${vm.power === 'STOPPING' ? 'still stopping' : 'running'}; power it off before it is removed.`)
      vms.delete(ref)
      return {}
    },
  }

  return {
    async call(name, input) {
      if (closing) throw new LabRefusal('HOST_CLOSING', 'The host is shutting down.')
      const answer = await dispatch(calls, name, input)
      if (dirty || name === 'create-vm' || name === 'remove-vm') await save()
      return answer
    },
    async close() {
      closing = true
      clearInterval(witness)
      // Guests stop with their host but are wanted on: what is remembered is from before they stopped.
      await save()
      await saving
      await Promise.all([...vms.values()].map((vm) => vm.off()))
    },
  }
}

/** Parses the input by the call's schema and does it. One switch, so that each call keeps its own types. */
function dispatch(calls: { [Name in LabCall]: (input: z.infer<(typeof labCalls)[Name]['input']>) => Promise<unknown> }, name: LabCall, input: unknown): Promise<unknown> {
  switch (name) {
    case 'list-vms':
      return calls[name](labCalls[name].input.parse(input))
    case 'create-vm':
      return calls[name](labCalls[name].input.parse(input))
    case 'power-on':
    case 'shutdown':
    case 'power-off':
    case 'remove-vm':
    case 'describe-vm':
      return calls[name](labCalls[name].input.parse(input))
  }
}

async function makeAll({ folder, nbdFolder, traceFile, scenario }: LabHostOptions): Promise<StoredVm[]> {
  const made: StoredVm[] = []
  for (const vm of scenario?.vms ?? []) made.push(await makeVm(vm, scenario?.seed ?? '', folder, nbdFolder, traceFile))
  return made
}

async function makeVm(vm: ScenarioVm, seed: string, folder: string, nbdFolder: string, traceFile: string | null): Promise<StoredVm> {
  const disks: StoredVm['disks'] = []
  for (const [at, disk] of vm.disks.entries()) {
    const key = `disk-${at}`
    const path = join(folder, `${vm.ref}-${key}.raw`)
    await makeDisk(path, { ...disk, seed: `${seed}/${vm.ref}/${key}`, first: at === 0, trace: at === 0 && vm.replayTrace && traceFile !== null })
    disks.push({ key, sizeBytes: mebibytes(disk.sizeMiB), path, socket: join(nbdFolder, `${vm.ref}-${key}.sock`) })
  }
  return {
    ref: vm.ref, name: vm.name, guestOs: vm.guestOs, cpus: vm.cpus, memoryBytes: mebibytes(vm.memoryMiB), network: vm.network, disks, wantedOn: true, acknowledgedSequence: 0, firstWriteAtMs: null, lastWriteAtMs: null,
    workload: { ledgerRecordsPerSecond: vm.ledgerRecordsPerSecond, rewriteBytesPerSecond: vm.rewriteKiBPerSecond * 1024, workingSet: vm.workingSet, tracePath: vm.replayTrace ? traceFile : null, ...(vm.ignoresShutdown ? { ignoresShutdown: true } : {}) },
  }
}
