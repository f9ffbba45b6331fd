/** What is seen of a VM's replication at a moment, all its disks together. Bytes; sums since some beginning. */
export interface ReplicationLook {
  /** Whether every write acknowledged before this moment is durable at the target. */
  readonly coveredSince: (ms: number) => boolean
  readonly sweepComplete: boolean
  /** Guest-written bytes that the target lacks. */
  readonly leftBytes: number
  /** Guest bytes that went to the target: by the first copy, and new writes. */
  readonly backgroundBytes: number
  readonly foregroundBytes: number
  readonly writtenBytes: number
}

/** One pass: from a moment until everything that was written before it was at the target. */
export interface Pass {
  readonly seconds: number
  /** What was left at its beginning and at its end. */
  readonly beforeBytes: number
  readonly afterBytes: number
  /** What the link took, first copy and new writes together. */
  readonly drainBytesPerSecond: number
  /** What became different from the target's meanwhile. */
  readonly dirtiedBytesPerSecond: number
  readonly writtenBytesPerSecond: number
  readonly sweepComplete: boolean
}

/** Quicker passes are put together: a guest's writes come in bursts. */
const SHORTEST_PASS_MS = 500
/** A pass over a large backlog takes hours: it is judged by what it has done so far. */
const LONGEST_PASS_MS = 10_000

/** Cuts the time of a replication into passes. */
export class PassWatch {
  #start: { atMs: number; look: ReplicationLook } | null = null

  /** Looks once more; answers the pass that has ended by now, or null. */
  look(look: ReplicationLook, nowMs: number): Pass | null {
    const start = this.#start
    // Counters that went back are another life's: replication began anew.
    if (start === null || drained(look) < drained(start.look) || look.writtenBytes < start.look.writtenBytes) {
      this.#start = { atMs: nowMs, look }
      return null
    }
    const lastedMs = nowMs - start.atMs
    if (lastedMs < SHORTEST_PASS_MS || (!look.coveredSince(start.atMs) && lastedMs < LONGEST_PASS_MS)) return null
    this.#start = { atMs: nowMs, look }
    const seconds = lastedMs / 1000
    return {
      seconds,
      beforeBytes: start.look.leftBytes,
      afterBytes: look.leftBytes,
      drainBytesPerSecond: (drained(look) - drained(start.look)) / seconds,
      dirtiedBytesPerSecond: Math.max(0, look.leftBytes - start.look.leftBytes + look.foregroundBytes - start.look.foregroundBytes) / seconds,
      writtenBytesPerSecond: (look.writtenBytes - start.look.writtenBytes) / seconds,
      sweepComplete: look.sweepComplete,
    }
  }

  reset(): void {
    this.#start = null
  }
}

const drained = (look: ReplicationLook) => look.backgroundBytes + look.foregroundBytes
