import { readFile, rm } from 'node:fs/promises'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { z } from 'zod'
import { hashOf } from '../block/content.ts'
import type { BlockRun } from '../block/dirty-map.ts'
import { blockCount } from '../block/map.ts'
import { jsonOf, writeFileDurably } from '../state-file.ts'
import type { WriteHistory } from '../tap/disk-tap.ts'
import type { SyncState } from './sync-state.ts'

/** It lies beside the table of the disk's hashes. */
export const leftPathOf = (tablePath: string): string => `${tablePath}.left`

/** Blocks looked at between two turns of the event loop: a gigabyte of the disk. */
const STEP_BLOCKS = 256 * 1024

/** More runs than this are not kept: the tap then goes on remembering, by its own larger units. */
const MOST_RUNS = 4 * 1024 * 1024

const head = z.object({ epoch: z.string().max(80), sizeBytes: z.number(), runs: z.number().int().nonnegative().max(MOST_RUNS), hash: z.string() })

/**
 * What the target lacks of a disk, block by block, in a file: for the days that a seed is under way, when a tap's own memory, whose
 * units are larger, would grow to most of the disk. Saved again and again; what the tap has sealed before may then be forgotten.
 *
 * File: a line of JSON, then for each run two numbers (gap since the last run's end, length), seven bits a byte, lowest first.
 */
export class LeftFile {
  readonly #path: string
  readonly #sizeBytes: number
  /** Hash of what was saved last, with its epoch. */
  #saved: string | null = null

  constructor(path: string, sizeBytes: number) {
    this.#path = path
    this.#sizeBytes = sizeBytes
  }

  /** Saves what is left now; false: it is too much to be kept here. Durable when it has resolved. */
  async save(epoch: string, sync: Pick<SyncState, 'leftWithin'>): Promise<boolean> {
    const blocks = blockCount(this.#sizeBytes)
    const parts: Buffer[] = []
    let runs = 0
    let before = 0
    // Within a step everything is looked at in one moment: a block that goes from dirty to sent meanwhile is found in one of them.
    for (let from = 0; from < blocks; from += STEP_BLOCKS) {
      const left = sync.leftWithin(from, Math.min(from + STEP_BLOCKS, blocks))
      runs += left.length
      if (runs > MOST_RUNS) return false
      const bytes: number[] = []
      for (const { first, end } of left) {
        putNumber(bytes, first - before)
        putNumber(bytes, end - first)
        before = end
      }
      if (bytes.length > 0) parts.push(Buffer.from(bytes))
      await yieldToEventLoop()
    }
    const body = Buffer.concat(parts)
    const hash = hashOf(body).toString('hex')
    if (this.#saved === epoch + hash) return true
    await writeFileDurably(this.#path, Buffer.concat([Buffer.from(`${JSON.stringify({ epoch, sizeBytes: this.#sizeBytes, runs, hash })}\n`), body]))
    this.#saved = epoch + hash
    return true
  }

  /** What was left when it was saved last in this epoch; none: nothing is known of more. Null: the file is there and cannot be read. */
  async recall(epoch: string): Promise<BlockRun[] | null> {
    const content = await readFile(this.#path).catch(() => null)
    if (content === null) return []
    const end = content.indexOf(0x0a)
    const body = content.subarray(end + 1)
    const said = head.safeParse(jsonOf(content.subarray(0, Math.max(0, end))))
    if (!said.success || said.data.sizeBytes !== this.#sizeBytes || hashOf(body).toString('hex') !== said.data.hash) return null
    return said.data.epoch === epoch ? runsOf(body, said.data.runs) : []
  }

  async remove(): Promise<void> {
    this.#saved = null
    await rm(this.#path, { force: true })
  }
}

/** A tap's history together with what was kept in the file. */
export function withLeft(history: WriteHistory, left: LeftFile): WriteHistory {
  return {
    recall: async (epoch) => {
      const [since, before] = [await history.recall(epoch), await left.recall(epoch)]
      return since === null || before === null ? null : [...before, ...since]
    },
    begin: async (epoch) => {
      await history.begin(epoch)
      await left.remove()
    },
    seal: () => history.seal(),
    finely: (on) => history.finely?.(on),
    forget: async () => {
      await history.forget?.()
      await left.remove()
    },
  }
}

function putNumber(into: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    into.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  into.push(rest)
}

function runsOf(body: Buffer, count: number): BlockRun[] | null {
  const runs: BlockRun[] = []
  let at = 0
  const number = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = body[at] ?? 0
      at += 1
      value += (byte % 128) * factor
      if (byte < 128) return value
    }
  }
  let before = 0
  while (runs.length < count && at < body.length) {
    const first = before + number()
    before = first + number()
    runs.push({ first, end: before })
  }
  return runs.length === count && at === body.length ? runs : null
}
