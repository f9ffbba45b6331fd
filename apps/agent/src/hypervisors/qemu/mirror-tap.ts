import { serveNbd } from '@driftless/nbd'
import type { BlockDevice, NbdServer } from '@driftless/nbd'
import { DirtyTracking } from '../../block/dirty-tracking.ts'
import type { DirtyListener } from '../../block/dirty-tracking.ts'
import { BLOCK_BYTES } from '../../block/map.ts'
import { Statistics } from '../../block/statistics.ts'
import { GatedWrites, WriteGate } from '../../block/write-gate.ts'
import { sleep } from '../../sleep.ts'
import type { DiskTap, TapOptions } from '../../tap/disk-tap.ts'
import { SINK_EXPORT, Sink } from '../../tap/mirror-sink.ts'
import { Sight } from '../../tap/sight.ts'
import { BitmapHistory } from './bitmap-history.ts'
import { startMirror } from './block-job.ts'
import type { MirrorJob } from './block-job.ts'
import { MirrorThrottle } from './mirror-tap-throttle.ts'
import { cleanUp, removeMirror } from './qemu-disk-cleanup.ts'
import { openContent } from './qemu-disk-content.ts'
import { DeviceWriteLimit } from './qemu-disk-device.ts'
import { isAbsent, namesIn } from './qemu-disk.ts'
import type { LiveDisk } from './qemu-disk.ts'
import { QmpError } from './qmp-error.ts'
import type { Qmp } from './qmp.ts'

/** Between two tries to attach: soon, for what a mirror missed has to be sent again; not so often as to disturb QEMU. */
const RETRY_MS = 500

/** A job that ended gives way to the next within about this time. */
const SETTLE_POLL_MS = 10

/** A changed cap takes effect within this time; until then the sink's answers are held. */
const LIMIT_EVERY_MS = 1000

/** Whoever waits for an attachment longer than this is told what is wrong. */
const ATTACH_LIMIT_MS = 30_000

/**
 * Sees a guest's writes through QEMU's mirror, which copies each to an NBD sink of ours before the guest hears of it; the
 * VM's own path stays as it was, whatever its format. Should we die, the job ends and the guest notices nothing; what it
 * wrote meanwhile stands in the history's bitmaps. While we live and the job ends (somebody cancels it, QEMU is started
 * again), the tap attaches anew and tells what it missed, or that nobody knows.
 *
 *   guest ─▶ QEMU ─▶ image
 *               └─NBD─▶ Statistics ▸ MirrorThrottle ▸ gate ▸ DirtyTracking ▸ Sink
 *
 * Two prices: a sink that hangs without dying holds the guest's writes, and QEMU refuses other block jobs and snapshots
 * on the disk while one mirrors it.
 */
export class MirrorTap implements DiskTap {
  readonly kind = 'MIRROR'
  /** A write that is held is on the disk already, but the guest has not heard of it: a power cut could have left the same. */
  readonly gated = true
  readonly key: string
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly device: BlockDevice
  readonly statistics: Statistics
  readonly sight = new Sight(false)
  readonly history: BitmapHistory
  readonly takeBack: DiskTap['takeBack']
  readonly #disk: LiveDisk
  readonly #tracking: DirtyTracking
  readonly #throttle: MirrorThrottle
  readonly #limit: DeviceWriteLimit
  readonly #stop = new AbortController()
  #server: NbdServer | null = null
  #listener: DirtyListener | null = null
  #running: Promise<unknown> = Promise.resolve()
  /** The job that copies now; null while there is no QEMU; pending while it is being attached. */
  #attached = Promise.withResolvers<MirrorJob | null>()
  /** What a killed agent left was removed: from then on, exports on this disk are our own. */
  #cleaned = false
  #problem: unknown = null

  private constructor(disk: LiveDisk, device: BlockDevice, options: TapOptions) {
    this.#disk = disk
    this.key = disk.key
    this.sizeBytes = disk.sizeBytes
    this.usedBytes = disk.usedBytes
    this.device = device
    this.takeBack = disk.takeBack
    this.#tracking = new DirtyTracking(new Sink(disk.sizeBytes))
    this.#throttle = new MirrorThrottle(new GatedWrites(this.#tracking, options.gate ?? new WriteGate()), options.throttle)
    this.statistics = new Statistics(this.#throttle)
    this.#limit = new DeviceWriteLimit(disk)
    this.history = new BitmapHistory(disk, () => this.settle())
  }

  /** Attaches to the VM, which may be running; what a killed agent left in QEMU is taken over or removed. */
  static async attach(disk: LiveDisk, options: TapOptions): Promise<MirrorTap> {
    const tap = new MirrorTap(disk, await openContent(disk), options)
    try {
      tap.#server = await serveNbd({ socketPath: disk.socketPath, exportName: SINK_EXPORT, device: tap.statistics })
      // The first time a refusal is the caller's to hear; later it is tried again.
      const job = await tap.#attachIfPresent()
      tap.#running = Promise.all([tap.#keepAttached(job, tap.#stop.signal), tap.#keepLimited(tap.#stop.signal)])
      return tap
    } catch (error) {
      await tap.close()
      throw error
    }
  }

  get pendingWrites(): number {
    return this.#tracking.pendingWrites
  }

  async listen(listener: DirtyListener | null): Promise<void> {
    this.#listener = listener
    this.#tracking.listen(listener)
    if (listener !== null) await this.settle()
  }

  async settle(): Promise<void> {
    for (;;) {
      const job = await this.#present()
      if (job !== null) {
        if (await saw(job)) return
        await job.over // it ends within a moment, and the next tells what this one missed
      } else if (await this.#absent()) return // nobody writes
      await sleep(SETTLE_POLL_MS, this.#stop.signal)
    }
  }

  /** The mirror does not stand in the guest's way: nothing to do. */
  freeze(): void {}

  async close(): Promise<void> {
    this.#stop.abort(new Error('The tap was closed.'))
    this.#attached.promise.catch(() => {})
    this.#attached.reject(this.#stop.signal.reason)
    try {
      await this.#running
      await this.device.close()
      await this.#detach()
    } finally {
      // Last: as long as the mirror stands, the guest's writes wait for the sink's answers.
      await this.#server?.close()
    }
  }

  /** The job that copies now, or null when no QEMU runs. Rejects with what is wrong when neither comes to be. */
  async #present(): Promise<MirrorJob | null> {
    const late = AbortSignal.timeout(ATTACH_LIMIT_MS)
    const limit = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error(`The writes of disk ${this.key} of ${this.#disk.vm.ref} cannot be followed: ${this.#problem instanceof Error ? this.#problem.message : 'QEMU does not answer.'}`)))
    })
    return Promise.race([this.#attached.promise, limit])
  }

  /** Whether no QEMU runs, at this moment. */
  async #absent(): Promise<boolean> {
    try {
      await this.#disk.vm.link.connect()
      return false
    } catch (error) {
      return isAbsent(error)
    }
  }

  async #keepAttached(first: MirrorJob | null, signal: AbortSignal): Promise<void> {
    let job: MirrorJob | null = first
    while (!signal.aborted) {
      this.#attached.resolve(job)
      if (job === null) await sleep(RETRY_MS, signal).catch(() => {})
      else {
        await Promise.race([job.over, aborted(signal)])
        this.sight.lose()
      }
      this.#attached = Promise.withResolvers()
      job = await this.#attachAgain(signal)
    }
  }

  /** Tries until it succeeds, no QEMU runs, or the tap is closed. */
  async #attachAgain(signal: AbortSignal): Promise<MirrorJob | null> {
    while (!signal.aborted) {
      try {
        return await this.#attachIfPresent()
      } catch (error) {
        this.sight.lose() // somebody may be writing
        this.#problem = error
        await sleep(RETRY_MS, signal).catch(() => {})
      }
    }
    return null
  }

  async #attachIfPresent(): Promise<MirrorJob | null> {
    try {
      const qmp = await this.#disk.vm.link.connect()
      this.sight.lose()
      const job = await this.#attach(qmp)
      this.sight.regain()
      return job
    } catch (error) {
      if (!isAbsent(error)) throw error
      this.sight.regain() // nobody writes
      return null
    }
  }

  /** Has QEMU apply the cap, where it is QEMU's to apply. */
  async #keepLimited(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#throttle.delegated = await this.#limit.apply(await this.#disk.vm.link.connect(), this.#throttle.wantedLimit)
      } catch {
        this.#throttle.delegated = false // no QEMU to ask; asked again soon
      }
      await sleep(LIMIT_EVERY_MS, signal).catch(() => {})
    }
  }

  async #attach(qmp: Qmp): Promise<MirrorJob> {
    const { job, sinkNode, filterNode } = namesIn(this.#disk)
    if (this.#cleaned) await removeMirror(qmp, this.#disk)
    else await cleanUp(qmp, this.#disk)
    this.#cleaned = true
    const remembered = await this.history.ensure(qmp)
    await qmp.execute('blockdev-add', { driver: 'nbd', 'node-name': sinkNode, server: { type: 'unix', path: this.#disk.socketPath }, export: SINK_EXPORT })
    const mirror = await startMirror(qmp, { jobId: job, node: this.#disk.node, target: sinkNode, filterNode, granularityBytes: BLOCK_BYTES })
    await mirror.untilReady()
    if (this.#listener !== null) await this.#tellMissed(qmp, this.#listener, remembered)
    return mirror
  }

  /** What was written while no mirror of ours copied, told after the fact: the bitmaps have it, and more. */
  async #tellMissed(qmp: Qmp, listener: DirtyListener, remembered: boolean): Promise<void> {
    if (!remembered) listener.lost()
    else for (const { first, end } of await this.history.everything(qmp)) listener.mark(first, end)
  }

  async #detach(): Promise<void> {
    try {
      const qmp = await this.#disk.vm.link.connect()
      await this.#limit.apply(qmp, null)
      await cleanUp(qmp, this.#disk)
    } catch (error) {
      if (!(error instanceof QmpError && error.unanswered)) throw error
    }
  }
}

/** Whether the job copied everything; no, when QEMU can no longer be asked. */
async function saw(job: MirrorJob): Promise<boolean> {
  try {
    return await job.sawEverything()
  } catch (error) {
    if (error instanceof QmpError && error.unanswered) return false
    throw error
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
