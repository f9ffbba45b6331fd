import type { DesiredProbe, LinkProbe } from '@driftless/agent-api'
import type { TokenBucket } from '../block/token-bucket.ts'
import type { Credentials } from '../stream/identity.ts'
import { probe } from '../stream/probe.ts'

/**
 * Spread over the day: about one in a quarter of an hour, at times that nobody can foresee, so that none falls on what happens every hour. Each
 * sends for two seconds or 16 MiB: 0.2 % of the time, 1.6 GB a day at most, well below the hundredth of the line that observing may take.
 */
const EVERY_MS = 900_000
const SPREAD = 0.5
/** The first soon, so that an estimate knows something of its line. */
const FIRST_AFTER_MS = 30_000
/** Kept while the gateway is away: a week's. Older ones give way. */
const MOST_KEPT = 700

export interface LinkProberOptions {
  readonly credentials: Credentials
  readonly agentId: string
  /** The site's cap on all that is sent. */
  readonly bucket: TokenBucket
  readonly now: () => number
  /** Something replicates: that tells what the line gives, and must not be disturbed. */
  readonly busy: () => boolean
  readonly random?: () => number
}

/** Probes the ways to the target agents in turn while VMs are observed and nothing replicates. */
export class LinkProber {
  readonly #options: LinkProberOptions
  readonly #stop = new AbortController()
  #targets: readonly DesiredProbe[] = []
  #probes: LinkProbe[] = []
  #dueMs: number
  #turn = 0
  #probing: Promise<void> | null = null

  constructor(options: LinkProberOptions) {
    this.#options = options
    this.#dueMs = options.now() + FIRST_AFTER_MS
  }

  set(targets: readonly DesiredProbe[]): void {
    this.#targets = targets
  }

  /** Looks whether a probe is due. One that fails is none: the next follows at its time. */
  look(): void {
    const { now, busy, random = Math.random } = this.#options
    if (this.#targets.length === 0 || this.#probing !== null || now() < this.#dueMs || busy()) return
    this.#dueMs = now() + EVERY_MS * (1 + SPREAD * (2 * random() - 1))
    const target = this.#targets[this.#turn % this.#targets.length]
    this.#turn += 1
    if (target === undefined) return
    this.#probing = this.#probe(target).catch(() => {}).finally(() => {
      this.#probing = null
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

  async close(): Promise<void> {
    this.#stop.abort(new Error('The agent is stopping.'))
    await this.#probing
  }

  async #probe({ agentId: targetAgentId, key, stream }: DesiredProbe): Promise<void> {
    if (stream === null) return
    const { credentials, agentId: sourceAgentId, bucket, now, busy } = this.#options
    const atMs = now()
    const { probedBytes, seconds, roundTripMs } = await probe({ ...stream, agentId: targetAgentId, pairing: { key, sourceAgentId, targetAgentId } }, credentials, bucket, this.#stop.signal)
    if (busy()) return // what replicated meanwhile had its part of the line
    this.#probes = [...this.#probes, { targetAgentId, atMs, probedBytes, seconds, bytesPerSecond: probedBytes / seconds, roundTripMs }].slice(-MOST_KEPT)
  }
}
