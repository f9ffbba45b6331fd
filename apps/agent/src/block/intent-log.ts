import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { WriteHistory } from '../tap/disk-tap.ts'
import { DirtyMap } from './dirty-map.ts'
import type { BlockRun } from './dirty-map.ts'
import type { WriteIntents } from './dirty-tracking.ts'
import { IntentFile, readIntents, regionCount } from './intent-file.ts'
import { BLOCK_BYTES, blockCount } from './map.ts'
import { WrittenBlocks } from './written-blocks.ts'

/**
 * What is logged, and sent again after a kill, as one. By `npm run bench intent-log` a guest's first writes all over a disk
 * cost a tenth to a fifth of its speed; with 1 MiB, which sends less again, three quarters and more. Kills are rarer than writes.
 */
export const LARGEST_REGION_BYTES = 4 * 1024 * 1024
const SMALLEST_REGION_BYTES = 64 * 1024
/** A small disk has as many: all of it is logged soon, and a few writes after a kill are not most of it again. */
const REGIONS = 1024

/** The size of a region of a disk's log: a power of two. */
export function regionBytesFor(sizeBytes: number): number {
  return Math.min(LARGEST_REGION_BYTES, Math.max(SMALLEST_REGION_BYTES, 2 ** Math.ceil(Math.log2(sizeBytes / REGIONS))))
}

/** The file is written anew, without what was forgotten, when it has grown beyond this and half of it is of no use. */
const COMPACT_BYTES = 1024 * 1024

export interface IntentLogOptions {
  readonly path: string
  readonly sizeBytes: number
  readonly regionBytes?: number
}

interface Generation {
  readonly number: number
  /** Durably logged. */
  readonly logged: DirtyMap
  /** Of these, what was really written in this generation: it stays logged in the next, where no guest then waits for it. */
  readonly written: DirtyMap
  /** Besides, what was written block by block. */
  blocks: WrittenBlocks | null
}

/**
 * A write-intent log, as DRBD's activity log: regions are logged, durably, before the first write to them is submitted.
 * After a kill of the agent or a power cut only these may differ from the replica. Writes that wait share one sync.
 *
 * Generations: `seal` begins a new one, its `release` forgets all before. A log that cannot be written costs the
 * history (hashes then decide), never a guest's write.
 *
 * Finely: each generation remembers besides which blocks were written (`written-blocks.ts`), in a file of its own. That counts
 * after a kill of the agent, where it is complete; the regions count after a power cut.
 */
export class IntentLog implements WriteIntents {
  readonly #options: IntentLogOptions
  readonly #regionBlocks: number
  #file: IntentFile | null = null
  #epoch: string | null = null
  /** Of which the disk may differ from the replica, oldest first; the last is the present one. */
  #generations: Generation[] = []
  #waiting: { readonly regions: DirtyMap; readonly durable: PromiseWithResolvers<void> } | null = null
  /** An empty set for those who wait next. */
  #spare: DirtyMap | null = null
  #finely = false
  /** Numbers are not used again: what lies about of a generation is never taken for another's. */
  #lastNumber = 0
  /** File operations, one after the other. */
  #working: Promise<void> = Promise.resolve()

  private constructor(options: IntentLogOptions) {
    this.#options = options
    this.#regionBlocks = (options.regionBytes ?? regionBytesFor(options.sizeBytes)) / BLOCK_BYTES
  }

  /** Takes up what an earlier life of the agent left. A damaged or foreign file counts as none. */
  static async open(options: IntentLogOptions): Promise<IntentLog> {
    const log = new IntentLog(options)
    const known = await readIntents(options.path).catch(() => null) // a file that cannot be read says nothing
    if (known !== null && known.sizeBytes === options.sizeBytes && known.regionBytes === log.#regionBytes) {
      log.#lastNumber = Math.max(0, ...known.generations.keys())
      const all = log.#newGeneration()
      for (const regions of known.generations.values()) all.logged.addAll(regions)
      log.#epoch = known.epoch
      log.#generations = [all]
      await log.#work(async () => {
        await log.#takeUpBlocks(all, known.generations)
        await log.#rewrite()
      })
      await log.#removeBlocksBut(all.number)
    } else await log.forget()
    return log
  }

  /** What the generations of the life before have written, as one: by blocks, or by the regions of one that does not know better. Where any does, it goes on so. */
  async #takeUpBlocks(all: Generation, earlier: ReadonlyMap<number, DirtyMap>): Promise<void> {
    const blocks = blockCount(this.#options.sizeBytes)
    const known: (readonly BlockRun[])[] = []
    for (const [number, regions] of earlier) {
      const written = await WrittenBlocks.read(this.#blocksPath(number), blocks)
      if (written !== null) this.#finely = true
      known.push(written ?? this.#blocksOf(regions))
    }
    if (this.#finely) all.blocks = await WrittenBlocks.create(this.#blocksPath(all.number), blocks, known.flat())
  }

  #blocksPath(generation: number): string {
    return `${this.#options.path}.blocks-${generation}`
  }

  async #removeBlocksBut(generation: number | null): Promise<void> {
    const { path } = this.#options
    const prefix = `${basename(path)}.blocks-`
    const left = (await readdir(dirname(path)).catch(() => [])).filter((name) => name.startsWith(prefix) && name !== `${prefix}${generation}`)
    for (const name of left) await rm(join(dirname(path), name), { force: true }).catch(() => {}) // nobody reads it again
  }

  get #regionBytes(): number {
    return this.#regionBlocks * BLOCK_BYTES
  }

  /** Blocks `first` to `end` (exclusive) are about to be written: submit that when this has returned, or resolved. */
  intend(first: number, end: number): void | Promise<void> {
    const present = this.#generations.at(-1)
    if (present === undefined) return
    present.blocks?.note(first, end)
    const from = Math.floor(first / this.#regionBlocks)
    const to = Math.ceil(end / this.#regionBlocks)
    if (to - from === 1 && present.written.has(from)) return
    let unlogged = false
    for (let region = from; region < to; region += 1) {
      if (present.logged.has(region)) present.written.mark(region, region + 1)
      else {
        unlogged = true
        this.#waitingRegions().mark(region, region + 1)
      }
    }
    // By then another generation may be the present one, and the write is of that.
    if (unlogged) return this.#waiting?.durable.promise.then(() => this.#generations.at(-1)?.blocks?.note(first, end))
  }

  /** On: from the next seal or begin on it is remembered block by block what is written. */
  finely(on: boolean): void {
    this.#finely = on
  }

  recall(epoch: string): Promise<BlockRun[] | null> {
    if (this.#epoch !== epoch) return Promise.resolve(null)
    const all = new DirtyMap(this.#regionCount)
    const known: (readonly BlockRun[])[] = []
    for (const { blocks, logged } of this.#generations) {
      if (blocks?.complete === true) known.push(blocks.runs())
      else all.addAll(logged)
    }
    return Promise.resolve([...known, this.#blocksOf(all)].flat())
  }

  #blocksOf(regions: DirtyMap): BlockRun[] {
    const blocks = blockCount(this.#options.sizeBytes)
    const runs: BlockRun[] = []
    for (let run = regions.nextRun(0, this.#regionCount); run !== null; run = regions.nextRun(run.end, this.#regionCount)) {
      runs.push({ first: run.first * this.#regionBlocks, end: Math.min(run.end * this.#regionBlocks, blocks) })
    }
    return runs
  }

  async begin(epoch: string): Promise<void> {
    const before = this.#generations
    const first = this.#newGeneration()
    this.#epoch = epoch
    this.#generations = [first]
    await this.#work(async () => {
      await dropBlocks(before)
      if (this.#generations[0] === first) first.blocks = await this.#newBlocks(first.number)
      await this.#rewrite()
    })
  }

  async seal(): Promise<() => Promise<void>> {
    const sealed = this.#generations.at(-1)
    if (sealed === undefined) return () => Promise.resolve()
    const next = this.#newGeneration()
    await this.#work(async () => {
      if (this.#generations.at(-1) !== sealed) return
      next.blocks = await this.#newBlocks(next.number)
      const carried = new DirtyMap(this.#regionCount) // as it is now: guests write on
      carried.addAll(sealed.written)
      try {
        await this.#file?.append(next.number, carried)
        if (this.#generations.at(-1) !== sealed) return
        next.logged.addAll(carried)
        this.#generations.push(next)
      } finally {
        if (this.#generations.at(-1) !== next) await dropBlocks([next])
      }
    })
    return () => this.#release(sealed)
  }

  /** Nothing is remembered any more, and nothing logged. */
  async forget(): Promise<void> {
    const before = this.#generations
    this.#epoch = null
    this.#generations = []
    await this.#work(async () => {
      await dropBlocks(before)
      await this.#remove()
      await this.#removeBlocksBut(null)
    })
  }

  /** The files stay, for the next life of the agent. */
  async close(): Promise<void> {
    await this.#work(async () => {
      for (const { blocks } of this.#generations) await blocks?.close()
      await this.#file?.close()
      this.#file = null
    })
  }

  get #regionCount(): number {
    return regionCount(this.#options.sizeBytes, this.#regionBytes)
  }

  #newGeneration(): Generation {
    this.#lastNumber += 1
    return { number: this.#lastNumber, logged: new DirtyMap(this.#regionCount), written: new DirtyMap(this.#regionCount), blocks: null }
  }

  async #newBlocks(generation: number): Promise<WrittenBlocks | null> {
    return this.#finely ? WrittenBlocks.create(this.#blocksPath(generation), blockCount(this.#options.sizeBytes)) : null
  }

  async #release(sealed: Generation): Promise<void> {
    await this.#work(async () => {
      const at = this.#generations.indexOf(sealed)
      if (at < 0 || at === this.#generations.length - 1) return // of an epoch before this one, or never sealed
      await this.#file?.release(sealed.number)
      const released = this.#generations.slice(0, at + 1)
      this.#generations = this.#generations.slice(at + 1)
      await dropBlocks(released)
      await this.#compact()
    })
  }

  /** The regions that the next sync is for; begins to wait for its turn when it is the first. */
  #waitingRegions(): DirtyMap {
    if (this.#waiting === null) {
      const waiting = { regions: this.#spare ?? new DirtyMap(this.#regionCount), durable: Promise.withResolvers<void>() }
      this.#waiting = waiting
      this.#spare = null
      // They go on also when it failed: by then the history is recorded as gone.
      void this.#work(() => this.#commit()).then(() => waiting.durable.resolve())
    }
    return this.#waiting.regions
  }

  /** One sync for all who wait. */
  async #commit(): Promise<void> {
    const regions = this.#waiting?.regions
    this.#waiting = null
    const present = this.#generations.at(-1)
    if (present === undefined || regions === undefined) return
    await this.#file?.append(present.number, regions)
    present.logged.addAll(regions)
    present.written.addAll(regions)
    regions.clearAll()
    this.#spare = regions
    await this.#compact()
  }

  /** Never rejects: a file that cannot be written is removed, and with it the history. */
  #work(operation: () => Promise<void>): Promise<void> {
    this.#working = this.#working.then(operation).catch(async () => {
      const before = this.#generations
      this.#epoch = null
      this.#generations = []
      await dropBlocks(before)
      await this.#remove().catch(() => {}) // then only the proof of the cutover is left, which reads both disks
    })
    return this.#working
  }

  async #compact(): Promise<void> {
    const bytes = this.#file?.sizeBytes ?? 0
    if (bytes < COMPACT_BYTES) return
    const usefulBytes = this.#generations.reduce((sum, { logged }) => sum + logged.count, 0) * 4
    if (bytes > 2 * usefulBytes) await this.#rewrite()
  }

  async #rewrite(): Promise<void> {
    const { path, sizeBytes } = this.#options
    if (this.#epoch === null) return this.#remove()
    const generations = new Map(this.#generations.map(({ number, logged }) => [number, logged]))
    const before = this.#file
    this.#file = await IntentFile.create(path, { epoch: this.#epoch, regionBytes: this.#regionBytes, sizeBytes, generations })
    await before?.close()
  }

  async #remove(): Promise<void> {
    const before = this.#file
    this.#file = null
    await rm(this.#options.path, { force: true })
    await before?.close()
  }
}

/** Before the log forgets them: without its file a generation is known by its regions. Never rejects: what is left of one is removed at the next start. */
async function dropBlocks(generations: readonly Generation[]): Promise<void> {
  for (const { blocks } of generations) await blocks?.remove().catch(() => {})
}

/**
 * A log as a tap's history. `settled` resolves when every write that was begun before the call has completed and was
 * marked: those belong to what is sealed, however long they take.
 */
export function historyOf(log: IntentLog, settled: () => Promise<void>): WriteHistory {
  return {
    recall: (epoch) => log.recall(epoch),
    begin: async (epoch) => {
      await log.begin(epoch)
      await settled()
    },
    seal: async () => {
      const release = await log.seal()
      await settled()
      return release
    },
    forget: () => log.forget(),
    finely: (on) => log.finely(on),
  }
}
