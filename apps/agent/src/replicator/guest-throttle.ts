import type { DesiredSource, GuestThrottleObserved } from '@driftless/agent-api'
import type { TokenBucket } from '../block/token-bucket.ts'
import { PassWatch } from './convergence.ts'
import type { Pass, ReplicationLook } from './convergence.ts'
import { NOT_SLOWED, nextThrottle } from './guest-throttle-control.ts'
import type { ThrottleState } from './guest-throttle-control.ts'

/**
 * Timers fire late: a wait is ended that much earlier, so that it stays below the limit. How late is measured, for a busy
 * machine is late by more, and taken back when it is not; but at most half of the limit, or nothing would be left to slow with.
 */
const LEAST_SLACK_MS = 1
const SLACK_KEPT = 0.8
const MOST_SLACK_SHARE = 0.5

/** Capped, written to, and yet nobody waited: after so many passes the tap is one whose delays we do not see. */
const BLIND_AFTER_PASSES = 3

/** A link that breaks is mostly back in seconds: what was found out about it is kept this long. */
const KEPT_WITHOUT_LINK_MS = 10_000

/** What is looked at of each disk: its tap's counts and its replicator's. */
export interface ThrottledDisk {
  readonly tap: { readonly statistics: { readonly writtenBytes: number } }
  readonly replicator: {
    readonly connected: boolean
    readonly backgroundSentBytes: number
    readonly sync: { readonly isClean: boolean; readonly sweepComplete: boolean; readonly coveredAtMs: number; readonly foregroundLeftBytes: number; readonly foregroundDoneBytes: number }
  }
}

export type ThrottleWish = Pick<DesiredSource, 'stage' | 'guestWriteBytesPerSecond' | 'guestLatencyLimitMs'>

/**
 * Slows one VM's writes: to the cap that a person set, and, where a latency limit was given, by itself as far as
 * replication needs it to catch up. With a limit no write waits longer than that, whoever set the cap.
 */
export class GuestThrottle {
  readonly #bucket: TokenBucket
  readonly #now: () => number
  readonly #passes = new PassWatch()
  #state: ThrottleState = NOT_SLOWED
  #sinceMs = 0
  #automatic = false
  #addedLatencyMs: number | null = null
  #blindPasses = 0
  #slackMs = LEAST_SLACK_MS
  /** When something was last sent, or could have been. */
  #sendingAtMs = 0

  /** `bucket` is the one that the VM's taps ask before they tell the guest that a write is done. */
  constructor(bucket: TokenBucket, now: () => number) {
    this.#bucket = bucket
    this.#now = now
  }

  /** One look, several times a second while the VM replicates. */
  converge(wish: ThrottleWish, disks: readonly ThrottledDisk[]): void {
    const limitMs = wish.guestLatencyLimitMs ?? null
    const longestWaitMs = limitMs === null ? null : Math.max(0, limitMs - this.#slackMs)
    this.#bucket.setLongestWait(longestWaitMs)
    const nowMs = this.#now()
    const connected = disks.length > 0 && disks.every(({ replicator }) => replicator.connected)
    if (connected && wish.stage !== 'PAUSE') {
      this.#sendingAtMs = nowMs
      const pass = this.#passes.look(lookAt(disks), nowMs)
      if (pass !== null) this.#judge(pass, limitMs, wish.stage === 'FINAL')
    } else {
      this.#passes.reset()
      // Slowing a guest helps nobody while nothing is sent.
      if (wish.stage === 'PAUSE' || nowMs - this.#sendingAtMs > KEPT_WITHOUT_LINK_MS) this.#forget()
    }
    this.#apply(wish.guestWriteBytesPerSecond)
  }

  /** Nothing is slowed any more: the migration is over, or the agent stops. */
  release(): void {
    this.#forget()
    this.#bucket.setLongestWait(null)
    this.#apply(null)
  }

  /** How the guest is slowed now; null: not at all. */
  observe(): GuestThrottleObserved | null {
    const rate = this.#bucket.rateBytesPerSecond
    if (rate === null) return null
    return { bytesPerSecond: rate, sinceMs: this.#sinceMs, addedLatencyMs: this.#addedLatencyMs, automatic: this.#automatic, atLatencyLimit: this.#automatic && this.#state.atLatencyLimit }
  }

  #judge(pass: Pass, limitMs: number | null, final: boolean): void {
    this.#addedLatencyMs = this.#bucket.takeWaits().percentile(0.99)
    const blind = this.#state.capBytesPerSecond !== null && pass.writtenBytesPerSecond > 0 && this.#addedLatencyMs === null
    this.#blindPasses = blind ? this.#blindPasses + 1 : this.#addedLatencyMs === null ? this.#blindPasses : 0
    // A limit that cannot be kept because nobody sees the delay: then nobody is slowed without a person's word.
    const kept = limitMs !== null && this.#blindPasses < BLIND_AFTER_PASSES ? Math.max(0, limitMs - this.#slackMs) : null
    this.#state = nextThrottle(this.#state, { ...pass, addedLatencyMs: this.#addedLatencyMs, final }, kept)
    if (limitMs === null || this.#addedLatencyMs === null) return
    const over = this.#addedLatencyMs - limitMs
    this.#slackMs = over > 0 ? Math.max(LEAST_SLACK_MS, Math.min(MOST_SLACK_SHARE * limitMs, this.#slackMs + over)) : Math.max(LEAST_SLACK_MS, SLACK_KEPT * this.#slackMs)
  }

  #apply(manual: number | null): void {
    const own = this.#state.capBytesPerSecond
    const rate = own === null || manual === null ? (own ?? manual) : Math.min(own, manual)
    const automatic = own !== null && (manual === null || own < manual)
    if ((this.#bucket.rateBytesPerSecond === null) !== (rate === null) || automatic !== this.#automatic) this.#sinceMs = this.#now()
    this.#automatic = automatic
    this.#bucket.setRate(rate)
  }

  #forget(): void {
    this.#passes.reset()
    this.#state = NOT_SLOWED
    this.#addedLatencyMs = null
    this.#bucket.takeWaits()
  }
}

function lookAt(disks: readonly ThrottledDisk[]): ReplicationLook {
  const sum = (of: (disk: ThrottledDisk) => number) => disks.reduce((total, disk) => total + of(disk), 0)
  return {
    coveredSince: (ms) => disks.every(({ replicator: { sync } }) => sync.isClean || sync.coveredAtMs >= ms),
    sweepComplete: disks.every(({ replicator: { sync } }) => sync.sweepComplete),
    leftBytes: sum(({ replicator }) => replicator.sync.foregroundLeftBytes),
    backgroundBytes: sum(({ replicator }) => replicator.backgroundSentBytes),
    foregroundBytes: sum(({ replicator }) => replicator.sync.foregroundDoneBytes),
    writtenBytes: sum(({ tap }) => tap.statistics.writtenBytes),
  }
}
