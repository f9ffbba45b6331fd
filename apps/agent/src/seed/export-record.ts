import { open, readFile, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { z } from 'zod'
import { hash, id, seedPlaceName, seedPublicKey } from '@driftless/agent-api'
import { readState, syncFolder, writeState } from '../state-file.ts'
import { wrappedKey } from './data-key.ts'

/** What of an export must outlive the agent. */
const record = z.object({
  shipmentId: id,
  /** Also the epoch that the disks' writes are remembered by. */
  seedId: z.uuid(),
  recipientKey: seedPublicKey,
  key: wrappedKey,
  /** Until the seed is whole: afterwards nobody here can read it. */
  dataKey: z.base64().nullable(),
  begunAtMs: z.number(),
  /** Writes to all disks are being remembered: before that nothing is read. */
  tracked: z.boolean(),
  /** Writes went unseen since: the disks are compared by hash once the seed is imported. */
  compare: z.boolean(),
  /** In the order in which they were begun. */
  devices: z.array(z.object({ place: seedPlaceName, deviceId: z.uuid() })).max(16),
  done: z.object({ manifestHash: hash, exportedAtMs: z.number(), dataBytes: z.array(z.number()), storedBytes: z.array(z.number()) }).nullable(),
})
export type ExportFacts = z.infer<typeof record>

/** Guests are served in between. */
const LINES_AT_ONCE = 1_000

const REMEDY = 'Move it away; the seed is then exported anew.'

/** One chunk that is durably on its device. */
const written = z.object({ disk: z.number().int(), index: z.number().int(), device: z.number().int(), storedBytes: z.number(), dataBytes: z.number(), hash: z.string() })
export type WrittenChunk = z.infer<typeof written>

/** The facts of one export, in a file of their own, and beside it the journal of its chunks. */
export class ExportRecord {
  readonly #path: string
  #facts: ExportFacts

  private constructor(path: string, facts: ExportFacts) {
    this.#path = path
    this.#facts = facts
  }

  /** As it was left; null: there is none. */
  static async find(basePath: string): Promise<ExportRecord | null> {
    const facts = await readState(`${basePath}.json`, record, REMEDY)
    return facts && new ExportRecord(basePath, facts)
  }

  /** Of a new export, durable before it returns. */
  static async begin(basePath: string, facts: ExportFacts): Promise<ExportRecord> {
    await removeExport(basePath)
    const begun = new ExportRecord(basePath, facts)
    await begun.change({})
    return begun
  }

  get facts(): ExportFacts {
    return this.#facts
  }

  async change(changes: Partial<ExportFacts>): Promise<void> {
    this.#facts = { ...this.#facts, ...changes }
    await writeState(`${this.#path}.json`, this.#facts)
  }

  journal(): Promise<Journal> {
    return Journal.open(`${this.#path}.journal`)
  }

  /** The seed is whole: what was needed to write it goes. */
  async finish(done: NonNullable<ExportFacts['done']>): Promise<void> {
    await this.change({ done, dataKey: null })
    await rm(`${this.#path}.journal`, { force: true })
  }
}

/** Forgets an export; what is on the devices stays there. */
export async function removeExport(basePath: string): Promise<void> {
  await rm(`${basePath}.journal`, { force: true })
  await rm(`${basePath}.json`, { force: true })
}

/** Which chunks are on their devices: a line each, added once they are durable there. */
export class Journal {
  /** What an earlier life of the agent has written, in order. */
  readonly earlier: readonly WrittenChunk[]
  readonly #file: FileHandle

  private constructor(file: FileHandle, earlier: readonly WrittenChunk[]) {
    this.#file = file
    this.earlier = earlier
  }

  /** A last line that was cut short by a kill is dropped. */
  static async open(path: string): Promise<Journal> {
    const content = await readFile(path).catch(() => Buffer.alloc(0))
    const earlier: WrittenChunk[] = []
    let goodBytes = 0
    for (let end = content.indexOf(0x0a); end >= 0; end = content.indexOf(0x0a, goodBytes)) {
      const chunk = parsed(content.toString('utf8', goodBytes, end))
      if (chunk === null) break
      earlier.push(chunk)
      goodBytes = end + 1
      if (earlier.length % LINES_AT_ONCE === 0) await yieldToEventLoop()
    }
    const file = await open(path, 'a', 0o600)
    await file.truncate(goodBytes)
    await file.datasync()
    await syncFolder(dirname(path))
    return new Journal(file, earlier)
  }

  async add(chunks: readonly WrittenChunk[]): Promise<void> {
    if (chunks.length === 0) return
    await this.#file.appendFile(chunks.map((chunk) => `${JSON.stringify(chunk)}\n`).join(''))
    await this.#file.datasync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

function parsed(line: string): WrittenChunk | null {
  try {
    return written.parse(JSON.parse(line))
  } catch {
    return null
  }
}
