import type { DesiredProbe, LinkProbe } from '@driftless/agent-api'
import { DEFAULT_PROBE_SHARE } from '@driftless/domain'
import { z } from 'zod'
import type { TokenBucket } from '../block/token-bucket.ts'
import { readState, writeState } from '../state-file.ts'
import type { Credentials } from '../stream/identity.ts'
import { LONGEST_SEND_MS, probe } from '../stream/probe.ts'

/** However short they are, about four an hour tell enough: each sends for two seconds or 16 MiB. */
const EVERY_MS = 720_000
/** Longer by up to this part, by chance: at times that nobody can foresee, so that none falls on what happens every hour. Never shorter. */
const SPREAD = 0.5
/** The first soon, so that an estimate knows something of its line. */
const FIRST_AFTER_MS = 30_000
/** Kept while the gateway is away: a week's. Older ones give way. */
const MOST_KEPT = 700

/** The latest probe: when it had ended, and how long it had taken. On the disk, so that an agent that is started again and again takes no more. */
const latestProbe = z.object({ endedAtMs: z.number(), tookMs: z.number().nonnegative() })
type LatestProbe = z.infer<typeof latestProbe>

export interface LinkProberOptions {
  readonly credentials: Credentials
  readonly agentId: string
  /** A file of its own. */
  readonly statePath: string
  /** The site's cap on all that is sent. */
  readonly bucket: TokenBucket
  readonly now: () => number
  /** Something replicates: that tells what the line gives, and must not be disturbed. */
  readonly busy: () => boolean
  readonly random?: () => number
  /** What probes; for tests. */
  readonly probe?: typeof probe
}

/**
 * Probes the ways to the target agents in turn while VMs are observed and nothing replicates. After each probe it waits until the time that this took is
 * no more of the whole than the agreed share, so that no stretch from one probe to the next has more.
 */
export class LinkProber {
  readonly #options: LinkProberOptions
  readonly #stop = new AbortController()
  readonly #firstAtMs: number
  #targets: readonly DesiredProbe[] = []
  #share = DEFAULT_PROBE_SHARE
  #probes: LinkProbe[] = []
  /** Undefined: not read yet; null: there was none. */
  #latest: LatestProbe | null | undefined
  #luck = 0
  #turn = 0
  #working: Promise<void> | null = null

  constructor(options: LinkProberOptions) {
    this.#options = options
    this.#firstAtMs = options.now() + FIRST_AFTER_MS
  }

  /** `share`: the part of the time that probes may take; 0: there are none. */
  set(targets: readonly DesiredProbe[], share = DEFAULT_PROBE_SHARE): void {
    this.#targets = targets
    this.#share = share
  }

  /** Looks whether a probe is due. One that fails is none: the next follows at its time. */
  look(): void {
    if (this.#working !== null || this.#share <= 0 || this.#targets.length === 0) return
    const work = this.#latest === undefined ? this.#recall() : this.#isDue(this.#latest) ? this.#probeNext() : null
    if (work === null) return
    this.#working = work.catch(() => {}).finally(() => {
      this.#working = null
    })
  }

  /** Those that the gateway does not have yet. */
  get probes(): readonly LinkProbe[] {
    return this.#probes
  }

  delivered(probes: readonly LinkProbe[]): void {
    const gone = new Set(probes)
    this.#probes = this.#probes.filter((one) => !gone.has(one))
  }

  /** Whether a probe is under way. */
  get working(): boolean {
    return this.#working !== null
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The agent is stopping.'))
    await this.#working
  }

  #isDue(latest: LatestProbe | null): boolean {
    const { now, busy } = this.#options
    const nowMs = now()
    if (nowMs < this.#firstAtMs || busy()) return false
    if (latest === null) return true
    const waitMs = Math.max(EVERY_MS, latest.tookMs / this.#share) * (1 + SPREAD * this.#luck)
    // A clock that was set back would hold probes up for as long.
    if (latest.endedAtMs > nowMs) this.#latest = { ...latest, endedAtMs: nowMs }
    return nowMs >= latest.endedAtMs + waitMs
  }

  async #recall(): Promise<void> {
    // A damaged file says nothing; the next probe writes it anew.
    this.#latest = await readState(this.#options.statePath, latestProbe).catch(() => null)
  }

  async #probeNext(): Promise<void> {
    const { now, random = Math.random } = this.#options
    const target = this.#targets[this.#turn % this.#targets.length]
    this.#turn += 1
    this.#luck = random()
    if (target === undefined) return
    const startMs = now()
    // Before: an agent that is killed in it has sent all that it may. A disk that is full keeps it from probing.
    await this.#note({ endedAtMs: startMs, tookMs: LONGEST_SEND_MS })
    let tookMs = 0
    try {
      tookMs = await this.#probe(target, startMs)
    } finally {
      await this.#note({ endedAtMs: now(), tookMs: Math.max(tookMs, now() - startMs) })
    }
  }

  /** Resolves to how long the line was taken, in milliseconds. */
  async #probe({ agentId: targetAgentId, key, stream }: DesiredProbe, atMs: number): Promise<number> {
    if (stream === null) return 0
    const { credentials, agentId: sourceAgentId, bucket, busy, probe: send = probe } = this.#options
    const { probedBytes, seconds, roundTripMs } = await send({ ...stream, agentId: targetAgentId, pairing: { key, sourceAgentId, targetAgentId } }, credentials, bucket, this.#stop.signal)
    // What replicated meanwhile had its part of the line.
    if (!busy()) this.#probes = [...this.#probes, { targetAgentId, atMs, probedBytes, seconds, bytesPerSecond: probedBytes / seconds, roundTripMs }].slice(-MOST_KEPT)
    return seconds * 1000
  }

  async #note(latest: LatestProbe): Promise<void> {
    this.#latest = latest
    await writeState(this.#options.statePath, latest)
  }
}
