import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { folderNameOf } from '../../../receiver/replica-disks.ts'
import type { ReplicaDiskId } from '../../../receiver/replica-disks.ts'
import { readState, writeState } from '../../../state-file.ts'

/** `identity`: null from before the disk is made until that is done, so that nothing is made that nobody knows of. */
const vmdkRecord = z.object({ datastore: z.string(), sizeBytes: z.number(), identity: z.string().nullable() })
export type VmdkRecord = z.infer<typeof vmdkRecord>

const recordFile = z.object({ disks: z.record(z.string(), vmdkRecord) })

/** Where each replica's disks lie, over restarts: a file a migration. A plan that changes its storage later does not move them. */
export class VmdkRecords {
  readonly #directory: string
  readonly #known = new Map<string, Readonly<Record<string, VmdkRecord>>>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** All disks of a migration, by their key. */
  async all(migrationId: string): Promise<Readonly<Record<string, VmdkRecord>>> {
    const known = this.#known.get(migrationId)
    if (known !== undefined) return known
    const { disks } = (await readState(this.#path(migrationId), recordFile)) ?? { disks: {} }
    this.#known.set(migrationId, disks)
    return disks
  }

  /** Null for a disk that was never made, or that was removed. */
  async find({ migrationId, key }: ReplicaDiskId): Promise<VmdkRecord | null> {
    const disks = await this.all(migrationId)
    return Object.hasOwn(disks, key) ? (disks[key] ?? null) : null
  }

  /** Durable before it returns. */
  async save({ migrationId, key }: ReplicaDiskId, record: VmdkRecord): Promise<void> {
    const disks = { ...(await this.all(migrationId)), [key]: record }
    await mkdir(this.#directory, { recursive: true })
    await writeState(this.#path(migrationId), { disks })
    this.#known.set(migrationId, disks)
  }

  async remove(migrationId: string): Promise<void> {
    await rm(this.#path(migrationId), { force: true })
    this.#known.delete(migrationId)
  }

  #path(migrationId: string): string {
    return join(this.#directory, `${folderNameOf(migrationId)}.json`)
  }
}
