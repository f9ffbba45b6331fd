import { ftruncateSync, readFileSync, writeSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { DirtyMap } from './dirty-map.ts'
import type { BlockRun } from './dirty-map.ts'

/**
 * Which blocks of a disk were written, in a file that is never synced: what a process has written lies with the kernel, so it
 * outlives a killed agent and says nothing once the machine itself went down. Then the write-intent log beside it counts, whose
 * units are larger.
 *
 *   header  "DLBLOCKS" · u32 version · 36 bytes id of the machine's boot · u64 blocks of the disk
 *   record  u32 first block, u32 blocks: at least one
 */
const MAGIC = 'DLBLOCKS'
const VERSION = 1
const BOOT_BYTES = 36
const HEADER_BYTES = MAGIC.length + 4 + BOOT_BYTES + 8
const RECORD_BYTES = 8

/** With more than this (8 MiB of them) it is given up: the guest writes all over the disk. */
const MOST_RECORDS = 1024 * 1024

/** What tells this run of the machine from the one before; null: nothing does. */
const boot = bootId()

function bootId(): string | null {
  try {
    const id = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return id.length === BOOT_BYTES ? id : null
  } catch {
    return null
  }
}

/** Written by a tap before it submits a write, at the cost of one call of the kernel for blocks that are not in it yet. */
export class WrittenBlocks {
  readonly #path: string
  readonly #file: FileHandle
  readonly #known: DirtyMap
  readonly #record = Buffer.alloc(RECORD_BYTES)
  #endBytes: number
  #complete = true

  private constructor(path: string, file: FileHandle, known: DirtyMap, endBytes: number) {
    this.#path = path
    this.#file = file
    this.#known = known
    this.#endBytes = endBytes
  }

  /** A new file that holds `runs`, in place of whatever was there; null where none can be kept. */
  static async create(path: string, blocks: number, runs: readonly BlockRun[] = []): Promise<WrittenBlocks | null> {
    if (boot === null) return null
    const file = await open(path, 'w', 0o600).catch(() => null)
    if (file === null) return null
    const known = new DirtyMap(blocks)
    for (const { first, end } of runs) known.mark(first, end)
    const records: Buffer[] = []
    for (let run = known.nextRun(0, blocks); run !== null; run = known.nextRun(run.end, blocks)) records.push(recordOf(run.first, run.end))
    const content = Buffer.concat([headerOf(boot, blocks), ...records])
    const whole = await file.write(content, 0, content.length, 0).then(({ bytesWritten }) => bytesWritten === content.length, () => false)
    const made = new WrittenBlocks(path, file, known, content.length)
    if (whole) return made
    await made.remove().catch(() => {})
    return null
  }

  /** What a file says that this run of the machine has written; null: nothing, so that nobody may rest on it. */
  static async read(path: string, blocks: number): Promise<BlockRun[] | null> {
    const content = await readFile(path).catch(() => null)
    if (boot === null || content === null || !content.subarray(0, HEADER_BYTES).equals(headerOf(boot, blocks))) return null
    const runs: BlockRun[] = []
    // A last record that was cut short is of a write that was never submitted.
    for (let at = HEADER_BYTES; at + RECORD_BYTES <= content.length; at += RECORD_BYTES) {
      const first = content.readUInt32LE(at)
      const end = first + content.readUInt32LE(at + 4)
      if (end === first || end > blocks) return null
      runs.push({ first, end })
    }
    return runs
  }

  /** Every block that was noted is in the file. */
  get complete(): boolean {
    return this.#complete
  }

  /** Blocks `first` to `end` (exclusive) are about to be written: submit that when this has returned. Never throws; see `complete`. */
  note(first: number, end: number): void {
    if (!this.#complete || this.#hasAll(first, end)) return
    this.#record.writeUInt32LE(first, 0)
    this.#record.writeUInt32LE(end - first, 4)
    try {
      const room = this.#endBytes < HEADER_BYTES + MOST_RECORDS * RECORD_BYTES
      if (!room || writeSync(this.#file.fd, this.#record, 0, RECORD_BYTES, this.#endBytes) !== RECORD_BYTES) return this.#giveUp()
    } catch {
      return this.#giveUp()
    }
    this.#endBytes += RECORD_BYTES
    this.#known.mark(first, end)
  }

  /** What was noted, in order. */
  runs(): BlockRun[] {
    const runs: BlockRun[] = []
    const { blockCount } = this.#known
    for (let run = this.#known.nextRun(0, blockCount); run !== null; run = this.#known.nextRun(run.end, blockCount)) runs.push(run)
    return runs
  }

  /** The file stays. */
  async close(): Promise<void> {
    await this.#file.close()
  }

  async remove(): Promise<void> {
    this.#complete = false
    await rm(this.#path, { force: true })
    await this.#file.close()
  }

  #hasAll(first: number, end: number): boolean {
    const run = this.#known.nextRun(first, end - first)
    return run !== null && run.first === first && run.end >= end
  }

  /** Without its header it is no such file any more. */
  #giveUp(): void {
    this.#complete = false
    this.#known.clearAll()
    try {
      ftruncateSync(this.#file.fd, 0)
    } catch {
      // A file system that neither writes nor truncates fails the intent log as well, and that costs the whole history.
    }
  }
}

function headerOf(bootOf: string, blocks: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write(MAGIC, 0, 'latin1')
  header.writeUInt32LE(VERSION, MAGIC.length)
  header.write(bootOf, MAGIC.length + 4, 'latin1')
  header.writeBigUInt64LE(BigInt(blocks), MAGIC.length + 4 + BOOT_BYTES)
  return header
}

function recordOf(first: number, end: number): Buffer {
  const record = Buffer.alloc(RECORD_BYTES)
  record.writeUInt32LE(first, 0)
  record.writeUInt32LE(end - first, 4)
  return record
}
