import { createHash } from 'node:crypto'
import type { FoundFile, ReadBytes } from '../image/fat-reader.ts'
import { readRootFiles } from '../image/fat-reader.ts'
import { FILES } from '../image/file-names.ts'
import { readLedger } from './ledger.ts'
import type { LedgerRecord } from './ledger.ts'
import { SCRATCH_BLOCK_BYTES, decodeBlock } from './scratch.ts'

/** A disk as the guest sees it after mounting: its files by name. */
export type Mounted = { readonly read: ReadBytes; readonly files: ReadonlyMap<string, FoundFile> }

/** The guest's disk is not what the guest had written. The message says what is wrong. */
export class DiskBroken extends Error {}

/** A file is read in such pieces, so many ahead of the one that is hashed: boot takes the longer of reading and hashing. */
const PIECE_BYTES = 1024 * 1024
const PIECES_AHEAD = 4

export async function mount(read: ReadBytes): Promise<Mounted> {
  try {
    return { read, files: new Map((await readRootFiles(read)).map((file) => [file.name, file])) }
  } catch (error) {
    throw new DiskBroken(error instanceof Error ? error.message : String(error))
  }
}

/** The file of this name; throws `DiskBroken` when the disk has lost it. */
export function fileOf(disk: Mounted, name: string): FoundFile {
  const file = disk.files.get(name)
  if (!file) throw new DiskBroken(`The file ${name} is gone.`)
  return file
}

/**
 * The guest's own check at boot: every file against its manifest, the ledger without a gap and at
 * least up to `acknowledged`, every block that the ledger names whole and not older than it says.
 * Resolves to the highest sequence number; throws `DiskBroken` with what it found.
 */
export async function checkDisks(disks: readonly Mounted[], acknowledged: number): Promise<number> {
  const [first] = disks
  if (!first) throw new DiskBroken('The guest has no disk.')
  const ledger = fileOf(first, FILES.ledger)
  const { highest, records, missing } = readLedger(await first.read(ledger.offset, ledger.sizeBytes))
  if (missing !== null) throw new DiskBroken(`Ledger record ${missing} is missing; the highest is ${highest}.`)
  if (highest < acknowledged) throw new DiskBroken(`Record ${acknowledged} was acknowledged; the ledger ends at ${highest}.`)
  for (const [at, disk] of disks.entries()) {
    await checkScratch(disk, at, records, highest)
    await checkManifest(disk)
  }
  return highest
}

/** A block may be one record ahead: written, but its record was not when the guest died. */
async function checkScratch(disk: Mounted, at: number, records: readonly LedgerRecord[], highest: number): Promise<void> {
  const expected = new Map<number, number>()
  for (const record of records) {
    if (record.disk !== at) continue
    for (let block = record.firstBlock; block < record.firstBlock + record.blocks; block += 1) expected.set(block, record.sequence)
  }
  const file = fileOf(disk, FILES.scratch)
  const content = await disk.read(file.offset, file.sizeBytes)
  for (const [index, sequence] of expected) {
    const block = content.subarray(index * SCRATCH_BLOCK_BYTES, (index + 1) * SCRATCH_BLOCK_BYTES)
    const found = block.length === SCRATCH_BLOCK_BYTES ? decodeBlock(block, at, index) : null
    if (found === null) throw new DiskBroken(`Block ${index} of disk ${at} is torn or foreign; record ${sequence} wrote it.`)
    if (found < sequence || found > highest + 1) throw new DiskBroken(`Block ${index} of disk ${at} is of record ${found}; it should be of ${sequence}.`)
  }
}

async function checkManifest(disk: Mounted): Promise<void> {
  const manifest = fileOf(disk, FILES.manifest)
  const lines = (await disk.read(manifest.offset, manifest.sizeBytes)).toString('latin1').split('\n').filter(Boolean)
  for (const line of lines) {
    const [wanted, name] = line.split('  ')
    if (!wanted || !name) throw new DiskBroken('The manifest is unreadable.')
    if ((await hashOf(disk.read, fileOf(disk, name))) !== wanted) throw new DiskBroken(`The content of ${name} has changed.`)
  }
}

/** SHA-256 of a file as the disk has it now, in hexadecimal. On this thread: handing the content to another costs more than the hash. */
async function hashOf(read: ReadBytes, { offset, sizeBytes }: FoundFile): Promise<string> {
  const hash = createHash('sha256')
  const ahead: Promise<Buffer>[] = []
  let asked = 0
  for (let hashed = 0; hashed < sizeBytes; hashed += PIECE_BYTES) {
    for (; asked < sizeBytes && ahead.length < PIECES_AHEAD; asked += PIECE_BYTES) {
      const piece = read(offset + asked, Math.min(PIECE_BYTES, sizeBytes - asked))
      // Awaited below; until then a rejection has a listener and is not unhandled.
      piece.catch(() => undefined)
      ahead.push(piece)
    }
    const piece = await ahead.shift()
    if (piece) hash.update(piece)
  }
  return hash.digest('hex')
}
