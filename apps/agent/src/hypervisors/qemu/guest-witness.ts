import { rename, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { guestState } from '@driftless/agent-api'
import type { GuestState } from '@driftless/agent-api'
import { readState } from '../../state-file.ts'
import { parseJson } from './json-lines.ts'

/** A line of the port `dl.report`: all that the guest has to say, each time anew. Instants are of the guest's clock. */
const report = guestState.omit({ power: true })
export type GuestReport = z.infer<typeof report>

const witnessed = report.extend({
  /** How far the guest's clock is behind ours; null while unknown. */
  clockOffsetMs: z.number().nullable(),
  /** When the guest was asked to shut down; null when it was not, since it was powered on. */
  askedAtMs: z.number().nullable(),
})
type Witnessed = z.infer<typeof witnessed>

const NOTHING: Witnessed = { health: 'UNKNOWN', healthDetail: null, acknowledgedSequence: 0, sequenceAtBoot: null, firstWriteAtMs: null, lastWriteAtMs: null, clockOffsetMs: null, askedAtMs: null }

/** A line of the guest; null when it is none, such as the end of one whose beginning the ring has lost. */
export function parseReport(line: string): GuestReport | null {
  const parsed = report.safeParse(parseJson(line))
  return parsed.success ? parsed.data : null
}

/** What a VM's guest was last seen to say, kept in a file: it outlives the guest's QEMU and the agent. */
export class GuestWitness {
  readonly #path: string
  #seen: Witnessed
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, seen: Witnessed) {
    this.#path = path
    this.#seen = seen
  }

  static async open(path: string): Promise<GuestWitness> {
    return new GuestWitness(path, (await readState(path, witnessed)) ?? NOTHING)
  }

  get acknowledgedSequence(): number {
    return this.#seen.acknowledgedSequence
  }

  get askedAtMs(): number | null {
    return this.#seen.askedAtMs
  }

  get clockKnown(): boolean {
    return this.#seen.clockOffsetMs !== null
  }

  /** The guest starts anew; what it had acknowledged in its life stays. */
  boots(): Promise<void> {
    return this.#change({ ...NOTHING, acknowledgedSequence: this.#seen.acknowledgedSequence })
  }

  asked(atMs: number): Promise<void> {
    return this.#change({ ...this.#seen, askedAtMs: atMs })
  }

  clockIs(clockOffsetMs: number): Promise<void> {
    return this.#change({ ...this.#seen, clockOffsetMs })
  }

  /** A guest with less at its boot than it had acknowledged before is broken, whatever it says. */
  said(news: Partial<GuestReport>): Promise<void> {
    const before = this.#seen
    const now = { ...before, ...news }
    if (before.sequenceAtBoot === null && now.sequenceAtBoot !== null && now.sequenceAtBoot < before.acknowledgedSequence) {
      return this.#change({ ...now, acknowledgedSequence: before.acknowledgedSequence, health: 'BROKEN', healthDetail: `Record ${before.acknowledgedSequence} was acknowledged; the ledger ended at ${now.sequenceAtBoot}.` })
    }
    // Checking means that it boots again by itself.
    const known = before.health === 'BROKEN' && now.health !== 'CHECKING' ? { health: before.health, healthDetail: before.healthDetail } : {}
    return this.#change({ ...now, ...known, acknowledgedSequence: Math.max(before.acknowledgedSequence, now.acknowledgedSequence) })
  }

  /** In our clock; VMs whose clock was never asked for are taken at their word. */
  state(power: GuestState['power']): GuestState {
    const { clockOffsetMs, askedAtMs: _, ...seen } = this.#seen
    const ours = (atMs: number | null): number | null => (atMs === null ? null : atMs + (clockOffsetMs ?? 0))
    return { power, ...seen, firstWriteAtMs: ours(seen.firstWriteAtMs), lastWriteAtMs: ours(seen.lastWriteAtMs) }
  }

  async #change(next: Witnessed): Promise<void> {
    const text = JSON.stringify(next)
    if (text === JSON.stringify(this.#seen)) return
    this.#seen = next
    // Whole after a kill of the agent; a power cut of the host, which may lose it, ends the guest as well.
    this.#writing = this.#writing.catch(() => undefined).then(async () => {
      await writeFile(`${this.#path}.new`, `${text}\n`, { mode: 0o600 })
      await rename(`${this.#path}.new`, this.#path)
    })
    await this.#writing
  }

  async remove(): Promise<void> {
    await this.#writing.catch(() => undefined)
    await rm(this.#path, { force: true })
  }
}
