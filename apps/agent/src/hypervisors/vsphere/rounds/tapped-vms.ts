import type { BlockDevice } from '@driftless/nbd'
import type { DiskTap, TapOptions } from '../../../tap/disk-tap.ts'
import { ChangedBlocksTap } from './changed-blocks-tap.ts'
import { FrozenVm } from './frozen-vm.ts'
import { SnapshotCycle } from './snapshot-cycle.ts'
import type { SnapshotOptions } from './snapshot-cycle.ts'
import type { VCenter } from '../connection/vcenter.ts'
import { keyOf } from '../inventory/vm-facts.ts'
import type { DiskFacts, VmFacts } from '../inventory/vm-facts.ts'

export interface TappedVmsOptions {
  readonly vcenter: VCenter
  readonly snapshots: SnapshotOptions
  /** Between two rounds of a VM at least. */
  readonly leastRoundMs: number
  readonly openReader: (vm: VmFacts, disk: DiskFacts) => Promise<BlockDevice>
}

interface Tapped {
  readonly vm: FrozenVm
  readonly opened: Promise<void>
  users: number
}

/** The VMs whose disks are tapped: the disks of one share its rounds, from the first tap to the last. */
export class TappedVms {
  readonly #options: TappedVmsOptions
  readonly #tapped = new Map<string, Tapped>()
  /** Letting go takes a while, and the next who taps the VM waits for it. */
  readonly #closing = new Map<string, Promise<void>>()

  constructor(options: TappedVmsOptions) {
    this.#options = options
  }

  get(instanceUuid: string): FrozenVm | null {
    return this.#tapped.get(instanceUuid)?.vm ?? null
  }

  /** Every VM that is tapped now. */
  all(): FrozenVm[] {
    return [...this.#tapped.values()].map(({ vm }) => vm)
  }

  /** Whether the VM's snapshots of ours are somebody's here. */
  isTapped(instanceUuid: string): boolean {
    return this.#tapped.has(instanceUuid) || this.#closing.has(instanceUuid)
  }

  /** Puts a tap on one disk of the VM. Rejects with why no moment of it can be had. */
  async attach(vm: VmFacts, deviceKey: number, usedBytes: number, options: TapOptions): Promise<DiskTap> {
    await this.#closing.get(vm.instanceUuid)
    const tapped = this.#tapped.get(vm.instanceUuid) ?? this.#open(vm)
    tapped.users += 1
    try {
      await tapped.opened
      const disk = tapped.vm.disks.get(deviceKey)
      if (disk === undefined) throw new Error(`${vm.name} has no disk "${keyOf({ deviceKey })}" any more.`)
      return new ChangedBlocksTap({ vm: tapped.vm, disk, usedBytes, release: () => this.#release(vm.instanceUuid, tapped) }, options)
    } catch (error) {
      await this.#release(vm.instanceUuid, tapped)
      throw error
    }
  }

  #open(vm: VmFacts): Tapped {
    const { vcenter, snapshots, leastRoundMs, openReader } = this.#options
    const frozen = new FrozenVm({ vcenter, vm, cycle: new SnapshotCycle(vcenter, vm.moref, snapshots), leastRoundMs, openReader: (disk) => openReader(vm, disk) })
    const tapped = { vm: frozen, opened: frozen.open(), users: 0 }
    tapped.opened.catch(() => {}) // whoever attaches is told
    this.#tapped.set(vm.instanceUuid, tapped)
    return tapped
  }

  async #release(instanceUuid: string, tapped: Tapped): Promise<void> {
    tapped.users -= 1
    if (tapped.users > 0 || this.#tapped.get(instanceUuid) !== tapped) return
    this.#tapped.delete(instanceUuid)
    const closing = tapped.vm.close().finally(() => this.#closing.delete(instanceUuid))
    this.#closing.set(instanceUuid, closing.catch(() => {}))
    await closing
  }
}
