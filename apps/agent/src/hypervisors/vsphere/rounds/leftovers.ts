import { VimError } from '@driftless/vim25'
import { isOursBy } from './our-snapshot.ts'
import { SnapshotCycle } from './snapshot-cycle.ts'
import type { SnapshotOptions } from './snapshot-cycle.ts'
import type { VCenter } from '../connection/vcenter.ts'
import type { VmFacts } from '../inventory/vm-facts.ts'

/** A snapshot that has just been taken may be somebody's whose tap is not known yet. */
const OLD_AFTER_MS = 60_000
/** Tried again after this; a consolidation that fails does not get better by the second. */
const RETRY_MS = 10 * 60_000

/** Removes snapshots that an earlier life of this agent has left on VMs that nobody taps any more: they grow until the datastore is full. */
export class Leftovers {
  readonly #vcenter: VCenter
  readonly #snapshots: SnapshotOptions
  readonly #triedAtMs = new Map<string, number>()
  readonly #stop = new AbortController()
  #removing: Promise<void> = Promise.resolve()

  constructor(vcenter: VCenter, snapshots: SnapshotOptions) {
    this.#vcenter = vcenter
    this.#snapshots = snapshots
  }

  /** Looks through the VMs that are not tapped, and removes in the background, one after the other. */
  look(vms: readonly VmFacts[]): void {
    const nowMs = Date.now()
    for (const vm of vms) {
      if (!vm.snapshots.some((snapshot) => isOursBy(snapshot, this.#snapshots.agentName) && nowMs - snapshot.createdAt.getTime() > OLD_AFTER_MS)) continue
      if (nowMs - (this.#triedAtMs.get(vm.instanceUuid) ?? 0) < RETRY_MS) continue
      this.#triedAtMs.set(vm.instanceUuid, nowMs)
      this.#removing = this.#removing.then(() => this.#remove(vm))
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new VimError('CLOSED', 'The agent is stopping.'))
    await this.#removing
  }

  async #remove(vm: VmFacts): Promise<void> {
    if (this.#stop.signal.aborted) return
    // What fails is tried again, and vCenter's own alarm names the snapshot.
    await new SnapshotCycle(this.#vcenter, vm.moref, this.#snapshots).drop(this.#stop.signal).catch(() => {})
  }
}
