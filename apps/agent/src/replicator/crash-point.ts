import { randomInt } from 'node:crypto'
import type { GuestState, Problem, SourceTestObserved } from '@driftless/agent-api'
import type { WriteGate } from '../block/write-gate.ts'
import { sleep } from '../sleep.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import type { DiskReplicator } from './disk-replicator.ts'

/** Longest that a guest's writes are held for a moment: less than a guest's own time-outs by two orders of magnitude. */
export const HOLD_LIMIT_MS = 250

/** Held only when this little was left after a pass: a tenth of a second on the slowest link we recommend (100 Mbit/s). */
const SMALL_REST_BYTES = 1024 * 1024

/** A guest that writes faster than this many passes send is tried all the same: it may pause at just that moment. */
const MAX_DRAIN_PASSES = 5

const POLL_MS = 10

/** Between tries; a guest that was held for nothing gets time of its own first. */
const RETRY_MS = 2_000

/** Failures in a row that are told to people; trying goes on. */
const TELL_AFTER_TRIES = 3

/** The target has come to the marker by then, or the try counts as failed: what is in the pipe is little. */
const REACHED_LIMIT_MS = 30_000

/** One above the highest number that a marker carries. */
const MOMENTS = 2 ** 32 - 1

export interface CrashPointOptions {
  testId: string
  /** Stands before the writes of all these disks. */
  gate: WriteGate
  disks: readonly { tap: DiskTap; replicator: DiskReplicator }[]
  /** The guest, as the hypervisor sees it now. */
  findGuest: () => Promise<GuestState>
  now: () => number
  /** Something that the coordinator waits for has changed. */
  changed: () => void
}

/**
 * Marks, for one test, a moment of the VM in the streams of all its disks: what is left to send is brought down while
 * the guest writes on, its writes are held while the last blocks go out, the marker follows, and the guest goes on. The
 * target keeps the content of that moment: that of a machine whose power was cut. Tries until it succeeds or is stopped.
 */
export class CrashPoint {
  readonly testId: string
  readonly #options: CrashPointOptions
  readonly #abort = new AbortController()
  readonly #running: Promise<void>
  #taken: NonNullable<SourceTestObserved['point']> | null = null
  #problem: Problem | null = null

  constructor(options: CrashPointOptions) {
    this.testId = options.testId
    this.#options = options
    this.#running = this.#run()
  }

  get observed(): SourceTestObserved {
    return { id: this.testId, point: this.#taken, problem: this.#problem }
  }

  /** The guest's writes are not held afterwards. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('The test was called off.'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { disks, changed } = this.#options
    const { signal } = this.#abort
    for (let tries = 1; !signal.aborted && this.#taken === null; tries += 1) {
      try {
        for (const { replicator } of disks) replicator.setUrgent(true)
        this.#taken = await this.#take(signal)
        this.#problem = null
      } catch (error) {
        if (!signal.aborted && tries >= TELL_AFTER_TRIES) this.#problem = problemOf(error)
      } finally {
        for (const { replicator } of disks) replicator.setUrgent(false)
      }
      changed()
      if (this.#taken === null) await sleep(RETRY_MS, signal).catch(() => {})
    }
  }

  async #take(signal: AbortSignal): Promise<NonNullable<SourceTestObserved['point']>> {
    const { disks, gate, findGuest, now } = this.#options
    const ungated = disks.find(({ tap }) => tap.gated !== true)
    if (ungated !== undefined) throw new Error(`Disk "${ungated.tap.key}" is tapped in a way in which the guest's writes cannot be held (${ungated.tap.kind}), so no moment of it can be tested. Tap it by the mirror or in the path.`)
    await this.#drain(signal)
    // From before the moment: what is acknowledged later need not be in it.
    const { acknowledgedSequence } = await findGuest()
    const moment = randomInt(1, MOMENTS)
    const takenAtMs = now()
    const startMs = performance.now() // a hold lasts a fraction of a millisecond
    const hold = await gate.hold(HOLD_LIMIT_MS)
    if (hold === null) throw new Error(held('A write of its own took longer'))
    const tooLong = AbortSignal.any([signal, AbortSignal.timeout(HOLD_LIMIT_MS)])
    let intact = false
    const reached: Promise<void>[] = []
    try {
      for (const { tap } of disks) await tap.settle()
      const points = disks.map(({ replicator }) => replicator.point(moment, tooLong))
      for (const point of points) {
        point.reached.catch(() => {}) // awaited below, unless an earlier disk has failed
        reached.push(point.reached)
      }
      await Promise.all(points.map((point) => point.sent))
      // A target that had to be connected anew may lack what it had before.
      if (!disks.every(({ replicator }) => replicator.sync.sweepComplete)) throw new Error('The target had to be compared anew; the test tries again by itself.')
    } finally {
      intact = hold.release()
    }
    const heldMs = performance.now() - startMs
    if (!intact) throw new Error(held('The last blocks took longer to send'))
    await within(REACHED_LIMIT_MS, Promise.all(reached), signal)
    return { moment, takenAtMs, heldMs, acknowledgedSequence }
  }

  /** Brings down what is left to send while the guest writes on. */
  async #drain(signal: AbortSignal): Promise<void> {
    const { disks, now } = this.#options
    for (let pass = 0; pass < MAX_DRAIN_PASSES; pass += 1) {
      const startMs = now()
      const ready = () => disks.every(({ replicator: { connected, sync } }) => connected && (sync.isClean || (sync.sweepComplete && sync.coveredAtMs >= startMs)))
      signal.throwIfAborted()
      while (!ready()) await sleep(POLL_MS, signal)
      if (disks.reduce((sum, { replicator }) => sum + replicator.sync.foregroundLeftBytes, 0) <= SMALL_REST_BYTES) return
    }
  }
}

const held = (what: string): string =>
  `${what} than the ${HOLD_LIMIT_MS} ms for which a guest may be held. It went on undisturbed, and the test tries again by itself; it succeeds when the guest writes less, or with a slower guest or a faster link.`

async function within(limitMs: number, work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const timer = new AbortController()
  const late = sleep(limitMs, AbortSignal.any([signal, timer.signal])).then(() => {
    throw new Error(`The target has not come to the moment within ${limitMs / 1000} s. Check the link between the agents; the test tries again by itself.`)
  })
  try {
    await Promise.race([work, late])
  } finally {
    timer.abort(new Error('done'))
    late.catch(() => {})
  }
}

const problemOf = (error: unknown): Problem => ({ code: 'POINT_NOT_TAKEN', message: (error instanceof Error ? error.message : String(error)).slice(0, 500) })
