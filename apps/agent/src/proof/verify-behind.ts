import type { Problem } from '@driftless/agent-api'
import type { BlockRun } from '../block/dirty-map.ts'
import type { DirtyListener } from '../block/dirty-tracking.ts'
import type { SyncState } from '../replicator/sync-state.ts'
import { sleep } from '../sleep.ts'
import type { DiskLink } from '../stream/disk-link.ts'
import { HASH_BYTES, HASH_PIECE_BYTES, MAX_HASH_RANGE_BYTES, StreamError } from '../stream/protocol.ts'
import { PIECE_BLOCKS } from './piece-table.ts'
import type { PieceTable } from './piece-table.ts'

/** Looked at in one go: little while the guest or the copy is busy, as the target's stream waits meanwhile. */
const BUSY_PIECES = 16
const MOST_PIECES = MAX_HASH_RANGE_BYTES / HASH_PIECE_BYTES

/** While every millisecond is downtime, a look does not wait for the answers to those before it: over a long way each is a round trip. */
const URGENT_LOOKS = 4

/** For each millisecond of looking so many are left to others: while the sweep runs, while the guest writes, and at rest. */
const PAUSE_DURING_SWEEP = 9
const PAUSE_WHILE_BUSY = 3
const PAUSE_AT_REST = 1

/** With nothing to look at: at rest, and while every millisecond is downtime. */
const IDLE_MS = 250
const URGENT_IDLE_MS = 2

/** A difference is looked at again after this: a write that was under way between the two readings has been told by then. */
const SECOND_LOOK_MS = 200

/** After a failure that is not the link's. */
const RETRY_MS = 5_000

/** Stale pieces passed over for being unsettled before others get a turn. */
const MOST_PASSED = 10_000

/** Remembered for being different once; beyond it the oldest are forgotten. */
const MOST_REMEMBERED = 10_000

/** Awaiting their second look; beyond it nothing new is looked at. */
const MOST_SUSPECTS = 10_000

export interface VerifyBehindOptions {
  readonly sync: SyncState
  readonly table: PieceTable
  /** Resolves when every write acknowledged before the call has been told. */
  readonly settle: () => Promise<void>
}

/**
 * Compares the disk with its replica while the VM runs, behind the replication: for pieces of which nothing is under way
 * both sides read back what they have and hash it. Equal ones are proven until they are written again. A different one is
 * sent anew; so it is found before the cutover, and told when sending did not help.
 *
 * It is the listener of the disk's tap: what is written becomes stale here and dirty in `SyncState`.
 */
export class VerifyBehind implements DirtyListener {
  readonly #sync: SyncState
  readonly #table: PieceTable
  readonly #settle: () => Promise<void>
  /** Different at the first look, and not written since; and when they are looked at again. */
  readonly #suspects = new Map<number, number>()
  /** Found different, and sent anew, at some time. */
  readonly #sentAnew = new Set<number>()
  /** Being looked at. */
  readonly #underWay = new Set<number>()
  readonly #looks = new Set<Promise<void>>()
  #cursor = 0
  #urgent = false
  #still = false
  #divergences = 0
  #problem: Problem | null = null

  constructor({ sync, table, settle }: VerifyBehindOptions) {
    this.#sync = sync
    this.#table = table
    this.#settle = settle
  }

  mark(first: number, end: number): void {
    this.#table.touch(first, end)
    if (this.#suspects.size > 0) for (let piece = Math.floor(first / PIECE_BLOCKS); piece * PIECE_BLOCKS < end; piece += 1) this.#suspects.delete(piece)
    this.#sync.mark(first, end)
  }

  lost(): void {
    this.#table.touchAll()
    this.#suspects.clear()
    this.#sync.lost()
  }

  /** Every piece was found equal and has not been written since. */
  get complete(): boolean {
    return this.#table.stalePieces === 0 && this.#looks.size === 0 && this.#suspects.size === 0
  }

  /** Pieces that differed although nothing of them was under way. */
  get divergences(): number {
    return this.#divergences
  }

  get problem(): Problem | null {
    return this.#problem
  }

  /** Urgent: without pauses. Used around the cutover. */
  setUrgent(urgent: boolean): void {
    this.#urgent = urgent
  }

  /** Still: no write is under way, and none will be; what differs differs. */
  setStill(still: boolean): void {
    this.#still = still
  }

  /** Looks for as long as the link lasts; rejects with the reason of its end. */
  async run(link: Pick<DiskLink, 'hashes' | 'closed'>): Promise<void> {
    this.#suspects.clear() // of an earlier link: they are stale, and met again
    const failed = new AbortController()
    const over = AbortSignal.any([link.closed, failed.signal])
    try {
      for (;;) {
        over.throwIfAborted()
        const startMs = performance.now()
        const look = this.#nextLook(link)
        if (look === null) {
          await sleep(this.#urgent ? URGENT_IDLE_MS : IDLE_MS, over)
          continue
        }
        const looked = look.catch((error: unknown) => failed.abort(error)).finally(() => this.#looks.delete(looked))
        this.#looks.add(looked)
        while (this.#looks.size >= (this.#urgent ? URGENT_LOOKS : 1)) await Promise.race(this.#looks)
        if (!this.#urgent) await sleep((performance.now() - startMs) * this.#pauseFactor(), over)
      }
    } finally {
      await Promise.all(this.#looks)
    }
  }

  /** Begins the next look, at whatever is due; null: nothing is. It rejects when the link has failed. */
  #nextLook(link: Pick<DiskLink, 'hashes' | 'closed'>): Promise<void> | null {
    const suspects = this.#dueSuspects()
    if (suspects.length > 0) return this.#bear(this.#lookAgain(suspects, link), link)
    const runs = this.#nextRuns()
    return runs.length === 0 ? null : this.#bear(this.#look(runs, link), link)
  }

  /** A disk that cannot be read is told, and tried again. */
  async #bear(look: Promise<void>, link: Pick<DiskLink, 'closed'>): Promise<void> {
    try {
      await look
    } catch (error) {
      link.closed.throwIfAborted()
      if (error instanceof StreamError) throw error
      this.#problem = { code: 'VERIFY_FAILED', message: `The disk could not be read back to compare it: ${messageOf(error)}. Check the source's storage; it is tried again.`.slice(0, 500) }
      await sleep(RETRY_MS, link.closed)
    }
  }

  #pauseFactor(): number {
    if (!this.#sync.sweepComplete) return PAUSE_DURING_SWEEP
    return this.#sync.foregroundLeftBytes > 0 ? PAUSE_WHILE_BUSY : PAUSE_AT_REST
  }

  /**
   * What is looked at in one go. A guest's writes leave pieces here and there: asked for one after the other, each would
   * cost a round trip, which at the cutover is downtime.
   */
  #nextRuns(): BlockRun[] {
    if (this.#suspects.size >= MOST_SUSPECTS) return []
    const calm = this.#urgent || (this.#sync.sweepComplete && this.#sync.foregroundLeftBytes === 0)
    const runs: BlockRun[] = []
    for (let left = calm ? MOST_PIECES : BUSY_PIECES; left > 0; ) {
      const run = this.#next(left)
      if (run === null) return runs
      for (let piece = run.first; piece < run.end; piece += 1) this.#underWay.add(piece)
      runs.push(run)
      left -= run.end - run.first
    }
    return runs
  }

  /** The next stale pieces of which nothing is under way, going round. */
  #next(most: number): BlockRun | null {
    if (this.#table.stalePieces === 0) return null
    let wrapped = this.#cursor === 0
    for (let passed = 0; passed < MOST_PASSED; passed += 1) {
      const run = this.#table.nextStale(this.#cursor, most)
      if (run === null || !this.#isSwept(run.first)) {
        this.#cursor = 0
        if (wrapped) return null
        wrapped = true
        continue
      }
      let end = run.first
      while (end < run.end && this.#isSettled(end) && !this.#suspects.has(end) && !this.#underWay.has(end)) end += 1
      this.#cursor = Math.max(end, run.first + 1)
      if (end > run.first) return { first: run.first, end }
    }
    return null
  }

  #isSwept(piece: number): boolean {
    return this.#sync.sweepComplete || (piece + 1) * HASH_PIECE_BYTES <= this.#sync.durableSweptBytes
  }

  /** Nothing of the piece is under way; or, once nothing changes any more, the question comes to the target behind it. */
  #isSettled(piece: number): boolean {
    const first = piece * PIECE_BLOCKS
    const end = Math.min(first + PIECE_BLOCKS, this.#sync.blockCount)
    return this.#still ? this.#sync.isTaken(first, end) : this.#sync.isSettled(first, end)
  }

  /** A first look: what differs may be a write that is under way, and waits for its second. */
  async #look(runs: readonly BlockRun[], link: Pick<DiskLink, 'hashes'>): Promise<void> {
    try {
      const different = await this.#compareAll(runs, link)
      if (different.length === 0) this.#problem = null
      const dueMs = performance.now() + SECOND_LOOK_MS
      for (const piece of different) this.#suspects.set(piece, dueMs)
    } finally {
      for (const { first, end } of runs) for (let piece = first; piece < end; piece += 1) this.#underWay.delete(piece)
    }
  }

  /** Those whose second look is due, all of them once no write is under way, and that do not have it already. */
  #dueSuspects(): number[] {
    const now = performance.now()
    const due: number[] = []
    for (const [piece, dueMs] of this.#suspects) {
      if (due.length >= MOST_PIECES) break
      if ((this.#still || dueMs <= now) && !this.#underWay.has(piece)) due.push(piece)
    }
    return due
  }

  async #lookAgain(pieces: readonly number[], link: Pick<DiskLink, 'hashes'>): Promise<void> {
    for (const piece of pieces) this.#underWay.add(piece)
    try {
      await this.#settle()
      const unwritten = pieces.filter((piece) => this.#suspects.has(piece) && this.#isSettled(piece))
      const different = await this.#compareAll(unwritten.map((piece) => ({ first: piece, end: piece + 1 })), link)
      for (const piece of different) if (this.#suspects.has(piece)) this.#diverged(piece)
    } finally {
      for (const piece of pieces) {
        this.#suspects.delete(piece)
        this.#underWay.delete(piece)
      }
    }
  }

  /** All of them at once; a failure is told when none is under way any more. */
  async #compareAll(runs: readonly BlockRun[], link: Pick<DiskLink, 'hashes'>): Promise<number[]> {
    const compared = await Promise.allSettled(runs.map((run) => this.#compare(run, link)))
    return compared.flatMap((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
  }

  /** Both sides read the pieces back. Returns those that differ and were not written meanwhile; they are stale again. */
  async #compare({ first, end }: BlockRun, link: Pick<DiskLink, 'hashes'>): Promise<number[]> {
    const offset = first * HASH_PIECE_BYTES
    const length = Math.min(end * HASH_PIECE_BYTES, this.#table.sizeBytes) - offset
    const [ours, theirs] = await Promise.all([this.#table.readBack(first, end), link.hashes(offset, length)])
    if (theirs.length !== ours.length) throw new StreamError('BROKEN_STREAM', 'The target answered with another number of hashes than asked for.')
    const different: number[] = []
    for (let piece = first; piece < end; piece += 1) {
      const at = (piece - first) * HASH_BYTES
      if (ours.compare(theirs, at, at + HASH_BYTES, at, at + HASH_BYTES) === 0 || this.#table.isStale(piece)) continue
      this.#table.touch(piece * PIECE_BLOCKS, (piece + 1) * PIECE_BLOCKS)
      different.push(piece)
    }
    return different
  }

  /** The replica holds something else than was sent to it: it is sent again, and looked at again. */
  #diverged(piece: number): void {
    this.#divergences += 1
    if (this.#sentAnew.has(piece)) {
      this.#problem = { code: 'REPLICA_DIVERGES', message: `The target's copy differs at byte ${piece * HASH_PIECE_BYTES} again, after it was sent anew. Check the target's storage and memory; the cutover waits until both are equal.` }
    }
    if (this.#sentAnew.size >= MOST_REMEMBERED) for (const oldest of this.#sentAnew) {
      this.#sentAnew.delete(oldest)
      break
    }
    this.#sentAnew.add(piece)
    this.mark(piece * PIECE_BLOCKS, Math.min((piece + 1) * PIECE_BLOCKS, this.#sync.blockCount))
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
