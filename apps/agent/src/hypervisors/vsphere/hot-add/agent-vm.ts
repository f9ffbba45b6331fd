import type { Ref, Vim, VimInput } from '@driftless/vim25'
import { VimError, isGone, isNotFound } from '@driftless/vim25'
import { isDisk, readDevices, withoutDisks } from './devices.ts'
import type { Device } from './devices.ts'
import { linkPath, waitForLink } from './device-link.ts'
import { findAgentVm } from '../connection/lookup.ts'
import { runTask } from '../connection/run-task.ts'
import { MAX_SCSI_DISKS, freeSlot } from './scsi-slots.ts'
import type { VsphereTargetOptions } from '../target/target-options.ts'
import type { VCenter } from '../connection/vcenter.ts'

/** A kernel sees a new disk within a second; a busy host takes longer to connect it than that. */
const LINK_LIMIT_MS = 30_000

/** A disk to be connected to the agent's VM. */
export interface AttachRequest {
  /** Such as `[datastore] folder/disk.vmdk`; below a snapshot the file that the snapshot has frozen. */
  readonly fileName: string
  readonly uuid: string
  readonly sizeBytes: number
  /** What is written to it all the same is thrown away. */
  readonly readOnly: boolean
}

export interface AttachedDisk {
  readonly fileName: string
  readonly deviceKey: number
  /** Where the agent's system has it. Its size must be told to whoever opens it. */
  readonly path: string
}

export type AgentVmOptions = Pick<VsphereTargetOptions, 'agentVm' | 'devicesDirectory'> & { readonly linkLimitMs?: number }

/**
 * The VM that this agent runs in. Disks of other VMs are connected to it (HotAdd) to be read and written as the local devices that
 * they are then. A disk has one user: two must not attach the same.
 */
export class AgentVm {
  readonly #vcenter: Pick<VCenter, 'use'>
  readonly #options: AgentVmOptions
  #ref: Ref | null = null
  /** By us, in this life. */
  readonly #attached = new Map<number, AttachedDisk>()
  /** vCenter changes a VM once at a time, and two must not take the same unit. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(vcenter: Pick<VCenter, 'use'>, options: AgentVmOptions) {
    this.#vcenter = vcenter
    this.#options = options
  }

  /** Connects a disk, unless it is connected already, and waits until this system has it. Rejects with what is to be done. */
  async attach(request: AttachRequest): Promise<AttachedDisk> {
    const { fileName, uuid } = request
    const path = linkPath(this.#options.devicesDirectory, uuid)
    const disk = await this.#inTurn(async (vim, vm) => {
      const added = { fileName, path, deviceKey: await this.#connect(vim, vm, request, path) }
      this.#attached.set(added.deviceKey, added)
      return added
    })
    if (await this.#linkIs('THERE', path)) return disk
    await this.detach(disk.deviceKey).catch(() => undefined)
    throw new Error(`${fileName} was connected to the agent's VM "${this.#options.agentVm}", but ${path} did not appear within ${this.#limitMs / 1000} s. Set disk.EnableUUID to TRUE in the advanced parameters of that VM, power it off and on, and check that udev runs in it.`)
  }

  /** Disconnects a disk that was attached; its file stays. What is not attached (any more) needs nothing. Close the device first. */
  async detach(deviceKey: number): Promise<void> {
    const disk = this.#attached.get(deviceKey)
    if (disk === undefined) return
    await this.#inTurn(async (vim, vm) => {
      const connected = (await readDevices(vim, vm)).filter((device) => device.key === deviceKey && hasFile(device, disk.fileName))
      await this.#disconnect(vim, vm, connected)
      if (this.#attached.get(deviceKey) === disk) this.#attached.delete(deviceKey)
    })
    await this.#demandGone(disk.path, disk.fileName)
  }

  /**
   * Disconnects what an earlier life of the agent has left: disks that are ours, by the name of their file or their identity, and are not
   * attached in this life. Resolves to the files' names.
   */
  sweep(isOurs: (fileName: string, uuid: string) => boolean): Promise<string[]> {
    return this.#inTurn(async (vim, vm) => {
      const left = (await readDevices(vim, vm)).filter((device) => isDisk(device) && !this.#attached.has(device.key) && isOurs(device.backing?.fileName ?? '', device.backing?.uuid ?? ''))
      await this.#disconnect(vim, vm, left)
      return left.map(({ backing }) => backing?.fileName ?? '')
    })
  }

  /** The key of the disk's device, connected as asked. */
  async #connect(vim: Vim, vm: Ref, request: AttachRequest, path: string): Promise<number> {
    const { fileName, sizeBytes, readOnly } = request
    const diskMode = readOnly ? 'independent_nonpersistent' : 'independent_persistent'
    const connected = (await readDevices(vim, vm)).filter((device) => hasFile(device, fileName))
    const [found] = connected.filter(({ backing }) => backing?.diskMode === diskMode)
    if (found !== undefined) return found.key
    await this.#disconnect(vim, vm, connected)
    await this.#demandGone(path, fileName)
    const slot = await this.#slot(vim, vm)
    const backing = { $type: 'VirtualDiskFlatVer2BackingInfo', fileName, diskMode }
    await this.#reconfigure(vim, vm, fileName, {
      deviceChange: [{ operation: 'add', device: { $type: 'VirtualDisk', key: -1, ...slot, capacityInKB: BigInt(Math.ceil(sizeBytes / 1024)), backing } }],
    })
    const added = (await readDevices(vim, vm)).find((device) => hasFile(device, fileName))
    if (added === undefined) throw new Error(`vCenter says that it has connected ${fileName} to the agent's VM "${this.#options.agentVm}", but the VM does not have it. Look at the VM's disks in vCenter; another program may remove them.`)
    return added.key
  }

  /** A free unit; where all are taken, that of one more controller. */
  async #slot(vim: Vim, vm: Ref): Promise<{ controllerKey: number; unitNumber: number }> {
    const slot = freeSlot(await readDevices(vim, vm))
    if (slot === null) throw new Error(`The agent's VM "${this.#options.agentVm}" has ${MAX_SCSI_DISKS} disks, and a VM takes no more. Move fewer VMs at a time, or set up another agent.`)
    if (slot.kind === 'UNIT') return { controllerKey: slot.controllerKey, unitNumber: slot.unitNumber }
    await this.#reconfigure(vim, vm, 'another SCSI controller', {
      deviceChange: [{ operation: 'add', device: { $type: 'ParaVirtualSCSIController', key: -1, busNumber: slot.busNumber, sharedBus: 'noSharing' } }],
    })
    return this.#slot(vim, vm)
  }

  async #disconnect(vim: Vim, vm: Ref, disks: readonly Device[]): Promise<void> {
    if (disks.length > 0) await runTask(vim, vm, 'ReconfigVM_Task', { spec: withoutDisks(disks) })
  }

  async #reconfigure(vim: Vim, vm: Ref, what: string, spec: VimInput): Promise<void> {
    try {
      await runTask(vim, vm, 'ReconfigVM_Task', { spec })
    } catch (error) {
      if (!(error instanceof VimError) || error.code !== 'FAULT' || isNotFound(error)) throw error
      throw new Error(`${what} could not be connected to the agent's VM "${this.#options.agentVm}". ${error.message} The VM must be in the same datacenter, on a host that has the datastore, and the disk in use by nobody else.`, { cause: error })
    }
  }

  /** What is there after its disk is gone would be taken for the next one of that identity. */
  async #demandGone(path: string, fileName: string): Promise<void> {
    if (await this.#linkIs('GONE', path)) return
    throw new Error(`${path} is there although ${fileName} is not connected to the agent's VM "${this.#options.agentVm}". Another disk there may be a copy with the same UUID; else check that udev runs.`)
  }

  get #limitMs(): number {
    return this.#options.linkLimitMs ?? LINK_LIMIT_MS
  }

  #linkIs(wanted: 'THERE' | 'GONE', path: string): Promise<boolean> {
    return waitForLink(path, wanted, this.#limitMs)
  }

  #inTurn<T>(act: (vim: Vim, vm: Ref) => Promise<T>): Promise<T> {
    const acting = this.#turn.catch(() => undefined).then(() => this.#vcenter.use(async (vim) => {
      this.#ref ??= await findAgentVm(vim, this.#options.agentVm)
      try {
        return await act(vim, this.#ref)
      } catch (error) {
        // It was registered anew, and is another object now.
        if (isGone(error)) this.#ref = null
        throw error
      }
    }))
    this.#turn = acting
    return acting
  }
}

const hasFile = (device: Device, fileName: string): boolean => isDisk(device) && device.backing?.fileName === fileName
