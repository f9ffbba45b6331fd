import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { diskHash, id } from '@driftless/agent-api'
import type { SourceHistory } from '../orders/rule.ts'
import { readState, writeState } from '../state-file.ts'

/** What must outlive the agent: that the guest is off on our account, since when, and whether it was put on again. */
const record = z.object({
  migrationId: id,
  attempt: z.number(),
  askedToShutDown: z.boolean(),
  sourceOffAtMs: z.number().nullable(),
  poweredOnAgain: z.boolean(),
  /** What this attempt proved; taken up again only when the disks still have these hashes. */
  proof: z.object({ finalSyncAtMs: z.number(), hashes: z.array(diskHash) }).nullable(),
  /** Its guest did not shut down and was powered off, as whoever is named had agreed. Absent in records of older agents. */
  poweredOff: z.object({ attempt: z.number(), atMs: z.number(), by: z.string() }).nullish(),
  /** The cutover that was rightly begun; it runs to its end whatever comes of its order's times. Absent in records of older agents. */
  begun: z.object({ attempt: z.number(), vmRef: id.nullable(), targetAgentId: id.nullable(), over: z.boolean() }).nullish(),
  /** The VM lives at the target: kept when all else is forgotten, so that it is never powered on here unasked. */
  released: z.boolean().default(false),
})
export type MigrationFacts = z.infer<typeof record>

/** Where the files of a migration are; ids may hold anything. */
const basePath = (directory: string, migrationId: string): string => join(directory, Buffer.from(migrationId).toString('hex').slice(0, 120))

/** Where the hashes of a migrating disk's pieces are kept. */
export const tablePathOf = (directory: string, migrationId: string, diskKey: string): string => `${basePath(directory, migrationId)}.${Buffer.from(diskKey).toString('hex').slice(0, 120)}.pieces`

/** Where is remembered how far a VM's seed is; the journal of its chunks lies beside it. */
export const seedPathOf = (directory: string, migrationId: string): string => `${basePath(directory, migrationId)}.seed`

/** Where is remembered how far a disk has taken back what the shadow VM wrote. */
export const wayBackPathOf = (directory: string, migrationId: string): string => `${basePath(directory, migrationId)}.way-back`

/** The two between whom a VM moves. */
export interface Ends {
  readonly vmRef: string
  /** Null: of no concern. */
  readonly targetAgentId: string | null
}

/** The facts of one migration, in a file of their own; every change is durable before it counts. */
export class MigrationRecord {
  readonly #path: string
  #facts: MigrationFacts

  private constructor(path: string, facts: MigrationFacts) {
    this.#path = path
    this.#facts = facts
  }

  /** As it was left, or new. */
  static async open(directory: string, migrationId: string): Promise<MigrationRecord> {
    const path = `${basePath(directory, migrationId)}.json`
    const known = await readState(path, record)
    return new MigrationRecord(path, known ?? { migrationId, attempt: 0, askedToShutDown: false, sourceOffAtMs: null, poweredOnAgain: false, proof: null, begun: null, released: false })
  }

  get facts(): MigrationFacts {
    return this.#facts
  }

  async change(changes: Partial<MigrationFacts>): Promise<void> {
    this.#facts = { ...this.#facts, ...changes }
    await writeState(this.#path, this.#facts)
  }

  /** What its orders are judged by. A VM that an older agent has shut down was shut down rightly. */
  get history(): SourceHistory {
    const { attempt, askedToShutDown, poweredOnAgain, begun, released } = this.#facts
    const offOnOurAccount = askedToShutDown && !poweredOnAgain
    return { begun: begun ?? (begun === undefined && offOnOurAccount ? { attempt, vmRef: null, targetAgentId: null, over: false } : null), released, offOnOurAccount }
  }

  /** The guest is being asked to shut down for this attempt. */
  asking(attempt: number, ends: Ends): Promise<void> {
    return this.change({ attempt, askedToShutDown: true, sourceOffAtMs: null, poweredOnAgain: false, proof: null, begun: { attempt, ...ends, over: false } })
  }

  /** The guest was seen off for this attempt; the first sight counts, also over a restart. True when it was the first. */
  async off(attempt: number, atMs: number, ends: Ends): Promise<boolean> {
    if (this.#facts.attempt === attempt && this.#facts.sourceOffAtMs !== null) return false
    await this.change({ attempt, sourceOffAtMs: atMs, proof: null, begun: { attempt, ...ends, over: false } })
    return true
  }

  /** The VM was handed over to the target. */
  async release(): Promise<void> {
    if (!this.#facts.released) await this.change({ released: true })
  }

  /** The VM is its owner's again: stopping it once more takes another order. */
  async returned(): Promise<void> {
    const { begun } = this.history
    if (this.#facts.released || (begun !== null && !begun.over)) await this.change({ released: false, begun: begun && { ...begun, over: true } })
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true })
  }
}
