import type { BlockDevice } from '@driftless/nbd'
import type { BlockRun } from '../../block/dirty-map.ts'
import type { DirtyListener } from '../../block/dirty-tracking.ts'
import { BLOCK_BYTES } from '../../block/map.ts'
import { Statistics } from '../../block/statistics.ts'
import { sleep } from '../../sleep.ts'
import type { DiskTap, TapOptions } from '../../tap/disk-tap.ts'
import { Sight } from '../../tap/sight.ts'
import { BitmapHistory } from './bitmap-history.ts'
import { cleanUp, cleanUpMirrors } from './qemu-disk-cleanup.ts'
import { openContent } from './qemu-disk-content.ts'
import { DeviceWriteLimit, deviceWrites } from './qemu-disk-device.ts'
import type { DeviceWrites } from './qemu-disk-device.ts'
import { readBitmap } from './qemu-disk-export.ts'
import { BITMAP_NAMES, bitmapActions, inOrder, isAbsent, listBitmaps } from './qemu-disk.ts'
import type { LiveDisk } from './qemu-disk.ts'
import { QmpError } from './qmp-error.ts'
import type { Qmp } from './qmp.ts'

/** How far what is told may lie behind what is written. A round costs QEMU about 5 ms, none where nothing was written. */
const ROUND_MS = 1000

/**
 * Learns of a guest's writes by asking: QEMU sets bits in a dirty bitmap, and each round swaps the bitmap for a fresh one
 * and reads the old. Nothing of ours stands in the guest's path, raw or qcow2; the price is that writes are told in granules
 * and up to a second late, and that the throttle is QEMU's I/O limit, which stays in force should the agent be killed.
 *
 *   guest ─▶ QEMU ─▶ image
 *              └ bitmap p7 (recording), p6 (read now, over NBD, and removed); the history's bitmaps beside them
 */
export class BitmapsTap implements DiskTap {
  readonly kind = 'BITMAPS'
  readonly key: string
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly device: BlockDevice
  readonly statistics: Statistics
  readonly sight = new Sight()
  readonly history: BitmapHistory
  readonly takeBack: DiskTap['takeBack']
  /** Nobody tells us of writes under way. */
  readonly pendingWrites = 0
  readonly #disk: LiveDisk
  readonly #options: TapOptions
  readonly #limit: DeviceWriteLimit
  readonly #stop = new AbortController()
  #listener: DirtyListener | null = null
  #lastRound: Promise<unknown> = Promise.resolve()
  #running: Promise<void> = Promise.resolve()
  #counted: DeviceWrites | null = null

  private constructor(disk: LiveDisk, device: BlockDevice, options: TapOptions) {
    this.#disk = disk
    this.#options = options
    this.key = disk.key
    this.sizeBytes = disk.sizeBytes
    this.usedBytes = disk.usedBytes
    this.device = device
    this.takeBack = disk.takeBack
    this.statistics = new Statistics(device)
    this.history = new BitmapHistory(disk, () => this.settle())
    this.#limit = new DeviceWriteLimit(disk)
  }

  /** Attaches to the VM, which may be running; what a killed agent left in QEMU is taken over or removed. */
  static async attach(disk: LiveDisk, options: TapOptions): Promise<BitmapsTap> {
    const tap = new BitmapsTap(disk, await openContent(disk), options)
    await tap.#inTurn(async (qmp) => {
      await cleanUpMirrors(qmp, disk)
      await tap.history.ensure(qmp)
    })
    tap.#running = tap.#poll(tap.#stop.signal)
    return tap
  }

  async listen(listener: DirtyListener | null): Promise<void> {
    this.#listener = null
    // Where somebody watches, QEMU remembers already, and goes on; nothing that it was not asked for yet is lost.
    await this.#inTurn((qmp) => (this.statistics.watched ? this.#round(qmp) : this.#startAnew(qmp, listener !== null)))
    this.#listener = listener
  }

  async settle(): Promise<void> {
    await this.#inTurn((qmp) => this.#round(qmp))
  }

  /** Nothing of ours is in the guest's way: nothing to do. */
  freeze(): void {}

  async close(): Promise<void> {
    this.#stop.abort(new Error('The tap was closed.'))
    await this.#running
    this.#listener = null
    await this.device.close()
    await this.#inTurn(async (qmp) => {
      await this.#limit.apply(qmp, null)
      await cleanUp(qmp, this.#disk)
    })
  }

  async #poll(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await sleep(ROUND_MS, signal)
        await this.#inTurn(async (qmp) => {
          await this.#limit.apply(qmp, this.#options.throttle.rateBytesPerSecond)
          await this.#round(qmp)
        })
      } catch {
        // What went wrong is told to whoever settles; the next round tries again.
        if (signal.aborted) return
      }
    }
  }

  /** One at a time. Without a QEMU nobody writes, and there is nothing to do. */
  async #inTurn(work: (qmp: Qmp) => Promise<void>): Promise<void> {
    const turn = this.#lastRound.then(() => this.#reachAnd(work))
    this.#lastRound = turn.catch(() => {})
    await turn
  }

  async #reachAnd(work: (qmp: Qmp) => Promise<void>, triesLeft = 1): Promise<void> {
    try {
      await work(await this.#disk.vm.link.connect())
    } catch (error) {
      if (isAbsent(error)) return this.statistics.note(0, [], null) // nobody writes
      // A connection that broke says nothing of QEMU: the next one does.
      if (!(error instanceof QmpError && error.unanswered) || triesLeft === 0) throw error
      await this.#reachAnd(work, triesLeft - 1)
    }
  }

  /** Forgets what was not told, and remembers writes from now on, when anybody wants to know. */
  async #startAnew(qmp: Qmp, wanted: boolean): Promise<void> {
    const { add, remove } = bitmapActions(this.#disk)
    const old = await this.#list(qmp)
    await inOrder(qmp, [...old.map(({ name }) => remove(name)), ...(wanted ? [add(nameOf((old.at(-1)?.number ?? 0) + 1))] : [])])
  }

  /** Tells everything that was written before the call to the listener and to whoever watches; with neither there is nobody to tell. */
  async #round(qmp: Qmp): Promise<void> {
    const listener = this.#listener
    if (listener === null && !this.statistics.watched) return
    const present = await this.#list(qmp)
    const newest = present.at(-1)
    if (newest?.recording !== true) {
      await this.history.ensure(qmp)
      await this.#startAnew(qmp, true)
      this.sight.missed()
      listener?.lost() // QEMU was started anew, or somebody took the bitmap away
      return
    }
    const { add, disable, remove } = bitmapActions(this.#disk)
    // A round that failed half-way leaves bitmaps that stand still: they are read now.
    const still = present.filter(({ recording }) => !recording)
    if (newest.dirtyBytes > 0) {
      // In this order, one after the other: what is written in between stands in both. A transaction would stop the guest's
      // requests for a moment each time, and let through what its I/O limit holds back.
      await inOrder(qmp, [add(nameOf(newest.number + 1)), disable(newest.name)])
      still.push(newest)
    }
    const runs: BlockRun[] = []
    for (const { name } of still) {
      for (const run of await readBitmap(this.#disk, name)) {
        listener?.mark(run.first, run.end)
        runs.push(run)
      }
      await inOrder(qmp, [remove(name)])
    }
    await this.#count(qmp, runs)
  }

  /** QEMU's count of the device's writes; without a device, what the bitmaps say is the least that was written. */
  async #count(qmp: Qmp, runs: readonly BlockRun[]): Promise<void> {
    const now = await deviceWrites(qmp, this.#disk)
    const before = this.#counted
    this.#counted = now
    if (now === null) return this.statistics.note(runs.reduce((sum, { first, end }) => sum + (end - first) * BLOCK_BYTES, 0), runs, null)
    if (before === null || now.bytes < before.bytes) return this.statistics.note(0, runs, null)
    const operations = now.operations - before.operations
    this.statistics.note(now.bytes - before.bytes, runs, operations > 0 ? (now.totalMs - before.totalMs) / operations : null)
  }

  /** Oldest first. */
  async #list(qmp: Qmp): Promise<{ name: string; number: number; recording: boolean; dirtyBytes: number }[]> {
    const listed = await listBitmaps(qmp, this.#disk, BITMAP_NAMES.pull)
    return listed.map(({ name, recording, dirtyBytes }) => ({ name, recording, dirtyBytes, number: Number(name.slice(BITMAP_NAMES.pull.length)) })).toSorted((a, b) => a.number - b.number)
  }
}

const nameOf = (number: number): string => BITMAP_NAMES.pull + String(number)
