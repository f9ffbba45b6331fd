/** A way may change, and an agent be updated: then all is found out anew. */
const FORGET_AFTER_MS = 10 * 60_000

/** So many times in a row the lanes failed, not the first connection: something between the agents lets only one through. */
const ALONE_AFTER_FAILURES = 3

/** What is known of the way to one target. */
export class TargetMemory {
  readonly sinceMs: number
  #roundTripMs = Number.POSITIVE_INFINITY
  #failures = 0

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs
  }

  /** The lowest: of many connections opened at once most are measured late. */
  get roundTripMs(): number {
    return this.#roundTripMs
  }

  /** One connection it must be, however long the way. */
  get alone(): boolean {
    return this.#failures >= ALONE_AFTER_FAILURES
  }

  sawRoundTrip(roundTripMs: number): void {
    this.#roundTripMs = Math.min(this.#roundTripMs, roundTripMs)
  }

  lanesRefused(): void {
    this.#failures = ALONE_AFTER_FAILURES
  }

  lanesFailed(): void {
    this.#failures += 1
  }

  lanesWork(): void {
    this.#failures = 0
  }
}

/** All targets that this process has dialled of late. */
export class KnownTargets {
  readonly #memories = new Map<string, TargetMemory>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  of(target: { host: string; port: number; agentId: string }): TargetMemory {
    const now = this.#nowMs()
    for (const [name, { sinceMs }] of this.#memories) {
      if (now - sinceMs > FORGET_AFTER_MS) this.#memories.delete(name)
    }
    const name = `${target.agentId} ${target.host} ${target.port}`
    const memory = this.#memories.get(name) ?? new TargetMemory(now)
    this.#memories.set(name, memory)
    return memory
  }
}

export const knownTargets = new KnownTargets()
