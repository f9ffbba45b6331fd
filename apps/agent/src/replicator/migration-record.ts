import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { diskHash, id } from '@driftless/agent-api'
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
})
export type MigrationFacts = z.infer<typeof record>

/** Where the files of a migration are; ids may hold anything. */
const basePath = (directory: string, migrationId: string): string => join(directory, Buffer.from(migrationId).toString('hex').slice(0, 120))

/** Where the hashes of a migrating disk's pieces are kept. */
export const tablePathOf = (directory: string, migrationId: string, diskKey: string): string => `${basePath(directory, migrationId)}.${Buffer.from(diskKey).toString('hex').slice(0, 120)}.pieces`

/** Where is remembered how far a disk has taken back what the shadow VM wrote. */
export const wayBackPathOf = (directory: string, migrationId: string): string => `${basePath(directory, migrationId)}.way-back`

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
    return new MigrationRecord(path, known ?? { migrationId, attempt: 0, askedToShutDown: false, sourceOffAtMs: null, poweredOnAgain: false, proof: null })
  }

  get facts(): MigrationFacts {
    return this.#facts
  }

  async change(changes: Partial<MigrationFacts>): Promise<void> {
    this.#facts = { ...this.#facts, ...changes }
    await writeState(this.#path, this.#facts)
  }

  /** The guest is being asked to shut down for this attempt. */
  asking(attempt: number): Promise<void> {
    return this.change({ attempt, askedToShutDown: true, sourceOffAtMs: null, poweredOnAgain: false, proof: null })
  }

  /** The guest was seen off for this attempt; the first sight counts, also over a restart. True when it was the first. */
  async off(attempt: number, atMs: number): Promise<boolean> {
    if (this.#facts.attempt === attempt && this.#facts.sourceOffAtMs !== null) return false
    await this.change({ attempt, sourceOffAtMs: atMs, proof: null })
    return true
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true })
  }
}
