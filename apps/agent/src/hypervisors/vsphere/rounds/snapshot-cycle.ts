import { isFault, isGone, reference, retrieveOne } from '@driftless/vim25'
import type { Ref, VimArguments } from '@driftless/vim25'
import { z } from 'zod'
import { OUR_SNAPSHOT, descriptionBy, isOurs } from './our-snapshot.ts'
import { runTask } from '../connection/run-task.ts'
import type { VCenter } from '../connection/vcenter.ts'
import { VM_PROPERTIES, disksOf, vmDevices, vmFacts } from '../inventory/vm-facts.ts'
import type { DiskFacts, VmFacts } from '../inventory/vm-facts.ts'

/** A moment of a VM that its disks are read at. */
export interface Moment {
  readonly snapshot: Ref
  readonly atMs: number
  /** Nothing was written after it, for as long as the VM stays off. */
  readonly whileOff: boolean
  /** The disks as they stood still then, by device key; `changeId` null: nobody keeps track of their changes. */
  readonly disks: ReadonlyMap<number, DiskFacts>
}

export interface SnapshotOptions {
  /** Named in the snapshots. */
  readonly agentName: string
  /** Disconnects the VM's disks from wherever an earlier life of the agent has left them: a disk in use keeps its snapshot. */
  readonly letGo: (vm: VmFacts) => Promise<void>
}

const snapshotConfig = z.object({ hardware: z.object({ device: vmDevices }) })

/**
 * Makes moments of one VM by snapshots, one after the other: never two of ours at a time, and the next only when the last is
 * merged. Changed blocks that are asked for over two snapshots, or in the middle of a consolidation, have corrupted disks
 * elsewhere (forklift, issues 1184 and 1193).
 */
export class SnapshotCycle {
  readonly #vcenter: VCenter
  readonly #vm: Ref
  readonly #options: SnapshotOptions

  constructor(vcenter: VCenter, vm: Ref, options: SnapshotOptions) {
    this.#vcenter = vcenter
    this.#vm = vm
    this.#options = options
  }

  /** The VM as vCenter has it now. */
  look(): Promise<VmFacts> {
    return this.#vcenter.use(async (vim) => {
      const facts = vmFacts(await retrieveOne(vim, this.#vm, VM_PROPERTIES))
      if (facts === null) throw new Error('vCenter does not tell enough of the VM at this moment. Check that its host is connected.')
      return facts
    })
  }

  /** Takes a moment, whatever was there before. Rejects with what to do where a snapshot of somebody else stands in the way. */
  async take(signal: AbortSignal): Promise<Moment> {
    const before = await this.look()
    demandNoOthers(before)
    if (!before.tracking) await this.#task('ReconfigVM_Task', { spec: { changeTrackingEnabled: true } }, signal)
    await this.#removeOurs(before, signal)
    const moment = await this.#create(before, signal)
    const tracked = [...moment.disks.values()].every(({ changeId }) => changeId !== null)
    if (tracked || before.power !== 'ON') return moment
    // Tracking that was switched on just now begins when the VM stands still for a snapshot: with the next one it is there.
    await this.drop(signal)
    const second = await this.#create(before, signal)
    const without = [...second.disks.values()].find(({ changeId }) => changeId === null)
    if (without === undefined) return second
    await this.drop(signal)
    throw new Error(`Changed block tracking of ${without.label} of ${before.name} does not take effect although it is on. Shut the VM down and power it on once, then replication begins by itself.`)
  }

  /** Removes our snapshots and waits until what was written meanwhile is merged. Nothing there: nothing is to do. */
  async drop(signal: AbortSignal): Promise<void> {
    await this.#removeOurs(await this.look(), signal)
  }

  async #removeOurs(vm: VmFacts, signal: AbortSignal): Promise<void> {
    const ours = vm.snapshots.filter(isOurs)
    if (ours.length > 0) await this.#options.letGo(vm)
    for (const { ref } of ours) {
      await this.#vcenter.use((vim) => runTask(vim, ref, 'RemoveSnapshot_Task', { removeChildren: false, consolidate: true }, signal)).catch((error: unknown) => {
        if (!isGone(error)) throw error
      })
    }
    if (ours.length === 0 && !vm.consolidationNeeded) return
    if ((await this.look()).consolidationNeeded) await this.#task('ConsolidateVMDisks_Task', {}, signal)
    if ((await this.look()).consolidationNeeded) throw new Error(`The disks of ${vm.name} cannot be consolidated. Run "Consolidate" on it in vCenter and see what that says; replication waits for it.`)
  }

  async #create(vm: VmFacts, signal: AbortSignal): Promise<Moment> {
    const made = await this.#task('CreateSnapshot_Task', { name: OUR_SNAPSHOT, description: descriptionBy(this.#options.agentName), memory: false, quiesce: false }, signal)
    const snapshot = reference.parse(made)
    const atMs = Date.now()
    const disks = await this.#vcenter.use(async (vim) => {
      const { properties } = await retrieveOne(vim, snapshot, ['config'])
      return disksOf(snapshotConfig.parse(properties.config).hardware.device)
    })
    return { snapshot, atMs, whileOff: vm.power !== 'ON', disks: new Map(disks.map((disk) => [disk.deviceKey, disk])) }
  }

  #task(method: `${string}_Task`, args: VimArguments, signal: AbortSignal): Promise<unknown> {
    return this.#vcenter.use((vim) => runTask(vim, this.#vm, method, args, signal))
  }
}

/** Somebody else's snapshot holds the base disk, and what it hides would not be seen. */
function demandNoOthers(vm: VmFacts): void {
  const other = vm.snapshots.find((snapshot) => !isOurs(snapshot))
  if (other !== undefined) throw new Error(`${vm.name} has a snapshot of somebody else ("${other.name}", ${other.createdAt.toISOString()}), so no new moment of it can be taken. Delete that snapshot, or wait for the backup that made it; replication then goes on by itself.`)
}

/** The server no longer knows the moment since which changes were wanted: nobody knows what changed. */
export const isMarkLost = (error: unknown): boolean => isFault(error, 'FileFault') || isFault(error, 'InvalidArgument') || isFault(error, 'FileNotFound')
