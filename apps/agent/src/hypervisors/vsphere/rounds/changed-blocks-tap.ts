import type { Problem } from '@driftless/agent-api'
import type { BlockDevice } from '@driftless/nbd'
import type { BlockRun } from '../../../block/dirty-map.ts'
import type { DirtyListener } from '../../../block/dirty-tracking.ts'
import type { Statistics } from '../../../block/statistics.ts'
import type { DiskTap, TapOptions, WriteHistory } from '../../../tap/disk-tap.ts'
import type { Sight } from '../../../tap/sight.ts'
import type { FrozenVm } from './frozen-vm.ts'
import { readMark, removeMark, writeMark } from './mark-file.ts'
import type { RoundDisk } from './round-disk.ts'
import { keyOf } from '../inventory/vm-facts.ts'

export interface ChangedBlocksDisk {
  readonly vm: FrozenVm
  readonly disk: RoundDisk
  readonly usedBytes: number
  /** Lets the VM go, when this was the last of its disks. */
  readonly release: () => Promise<void>
}

/**
 * Learns of a guest's writes by asking vCenter what changed between two snapshots. Works with every VM and needs nothing
 * installed; the price is that the replica is behind by a round, that each round makes the guest stand still for a
 * moment, and that writes can neither be held nor slowed.
 */
export class ChangedBlocksTap implements DiskTap {
  readonly kind = 'CHANGED_BLOCKS'
  readonly key: string
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly device: BlockDevice
  readonly statistics: Statistics
  readonly sight: Sight
  readonly history: WriteHistory
  readonly pendingWrites = 0
  readonly slows = false
  readonly #vm: FrozenVm
  readonly #disk: RoundDisk
  readonly #release: () => Promise<void>

  constructor({ vm, disk, usedBytes, release }: ChangedBlocksDisk, { statePath }: TapOptions) {
    this.#vm = vm
    this.#disk = disk
    this.#release = release
    this.key = keyOf(disk)
    this.sizeBytes = disk.device.sizeBytes
    this.usedBytes = usedBytes
    this.device = disk.device
    this.statistics = disk.statistics
    this.sight = disk.sight
    this.history = new MarkHistory(vm, disk, statePath)
  }

  listen(listener: DirtyListener | null): Promise<void> {
    this.#disk.listener = listener
    return Promise.resolve()
  }

  settle(): Promise<void> {
    return this.#vm.settle()
  }

  setNeeded(needed: boolean): void {
    this.#vm.setNeeded(needed)
  }

  refresh(): Promise<number> {
    return this.#vm.refresh()
  }

  get shownAtMs(): number | null {
    const { moment } = this.#vm
    return moment === null || moment.whileOff ? null : moment.atMs
  }

  get problem(): Problem | null {
    return this.#vm.problem
  }

  /** Nothing of ours is in the guest's way: nothing to do. */
  freeze(): void {}

  async close(): Promise<void> {
    this.#disk.listener = null
    await this.#release()
  }
}

/** The history is vCenter's own: what it remembers of changes outlives the agent, and here is kept since which moment they count. */
class MarkHistory implements WriteHistory {
  readonly #vm: FrozenVm
  readonly #disk: RoundDisk
  readonly #statePath: string
  #epoch: string | null = null
  /** The change id that is in the file. */
  #stored: string | null = null

  constructor(vm: FrozenVm, disk: RoundDisk, statePath: string) {
    this.#vm = vm
    this.#disk = disk
    this.#statePath = statePath
  }

  async recall(epoch: string): Promise<readonly BlockRun[] | null> {
    const mark = await readMark(this.#statePath)
    if (mark?.epoch !== epoch) return null
    this.#epoch = epoch
    return this.#vm.changesSince(this.#disk, mark.changeId)
  }

  /** From the moment of now: it is the oldest that anything is read at from here on. */
  async begin(epoch: string): Promise<void> {
    this.#epoch = epoch
    const { changeId } = this.#disk
    if (changeId === null) await removeMark(this.#statePath)
    else await this.#store(epoch, changeId)
  }

  seal(): Promise<() => Promise<void>> {
    const { changeId } = this.#disk
    const { moment } = this.#vm
    const epoch = this.#epoch
    return Promise.resolve(async () => {
      if (changeId === null || epoch === null || this.#epoch !== epoch) return
      if (changeId !== this.#stored) await this.#store(epoch, changeId)
      if (this.#vm.moment === moment) this.#vm.noteDurable(this.#disk)
    })
  }

  async #store(epoch: string, changeId: string): Promise<void> {
    await writeMark(this.#statePath, { epoch, changeId })
    this.#stored = changeId
  }

  async forget(): Promise<void> {
    this.#epoch = null
    this.#stored = null
    await removeMark(this.#statePath)
  }
}
