import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import * as FatFs from 'js-fatfs'
import type { ScenarioDisk } from '../scenario.ts'
import { mebibytes } from '../scenario.ts'
import { readRootFiles } from './fat-reader.ts'
import { FILES, LEDGER_BYTES } from './file-names.ts'

const SECTOR_BYTES = 512
const CLUSTER_BYTES = 4096
/** What a replayed trace writes into. */
const TRACE_MIB = 16
/** Files are this large at most, so that a disk has many. */
const FILE_MIB = 16

export type DiskPlan = ScenarioDisk & { readonly seed: string; readonly first: boolean; readonly trace: boolean }

/**
 * Makes a raw, sparse disk image with a FAT file system holding real files (half text, half incompressible), a
 * manifest with their SHA-256, and room laid out in one piece for what the guest rewrites. The same plan
 * gives the same bytes. The image appears under its name only when it is whole.
 */
export async function makeDisk(path: string, plan: DiskPlan): Promise<void> {
  const unfinished = `${path}.part`
  const file = openSync(unfinished, 'w+')
  try {
    ftruncateSync(file, mebibytes(plan.sizeMiB))
    const documents = namesOf(plan)
    const sizes = new Map(documents.map((name) => [name, Math.floor(mebibytes(plan.filledMiB) / documents.length)]))
    sizes.set(FILES.scratch, mebibytes(plan.scratchMiB))
    if (plan.first) sizes.set(FILES.ledger, LEDGER_BYTES)
    if (plan.trace) sizes.set(FILES.trace, mebibytes(TRACE_MIB))
    const contents = new Map<string, Buffer>()
    const manifest: string[] = []
    for (const [at, name] of documents.entries()) {
      const content = contentOf(`${plan.seed}/${name}`, sizes.get(name) ?? 0, at % 2 === 0)
      contents.set(name, content)
      manifest.push(`${createHash('sha256').update(content).digest('hex')}  ${name}`)
    }
    contents.set(FILES.manifest, Buffer.from(`${manifest.join('\n')}\n`))
    sizes.set(FILES.manifest, contents.get(FILES.manifest)?.length ?? 0)
    await layOut(file, mebibytes(plan.sizeMiB), sizes)
    const laidOut = await readRootFiles(async (offset, length) => {
      const into = Buffer.alloc(length)
      readSync(file, into, 0, length, offset)
      return into
    })
    for (const { name, offset } of laidOut) {
      const content = contents.get(name)
      if (content) writeSync(file, content, 0, content.length, offset)
    }
  } finally {
    closeSync(file)
  }
  renameSync(unfinished, path)
}

function namesOf(plan: DiskPlan): string[] {
  const count = Math.ceil(plan.filledMiB / FILE_MIB)
  return Array.from({ length: count }, (_, at) => `DATA${String(at).padStart(4, '0')}.${at % 2 === 0 ? 'TXT' : 'BIN'}`)
}

/** A key stream (AES-128-CTR) as bytes: fast, and the same for the same seed. Text is its hexadecimal: half as long when compressed. */
function contentOf(seed: string, length: number, text: boolean): Buffer {
  const key = createHash('sha256').update(seed).digest()
  const stream = (bytes: number) => createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16)).update(Buffer.alloc(bytes))
  return text ? Buffer.from(stream(Math.ceil(length / 2)).toString('hex').slice(0, length), 'latin1') : stream(length)
}

/** Makes the file system and an entry in one piece for each file; contents are not written yet. */
async function layOut(file: number, sizeBytes: number, files: ReadonlyMap<string, number>): Promise<void> {
  const fs = await FatFs.create({ diskio: diskOver(file, sizeBytes) })
  const work = fs.malloc(64 * 1024)
  const volume = fs.malloc(FatFs.sizeof_FATFS)
  const handle = fs.malloc(FatFs.sizeof_FIL)
  check('f_mkfs', fs.f_mkfs('', { fmt: FatFs.FM_FAT | FatFs.FM_FAT32 | FatFs.FM_SFD, n_fat: 2, align: CLUSTER_BYTES / SECTOR_BYTES, n_root: 512, au_size: CLUSTER_BYTES }, work, 64 * 1024))
  check('f_mount', fs.f_mount(volume, '', 1))
  for (const [name, size] of files) {
    check(`f_open ${name}`, fs.f_open(handle, name, FatFs.FA_WRITE | FatFs.FA_CREATE_NEW))
    check(`f_lseek ${name}`, fs.f_lseek(handle, size))
    check(`f_close ${name}`, fs.f_close(handle))
  }
  check('f_unmount', fs.f_unmount(''))
}

function check(what: string, result: number): void {
  if (result !== FatFs.FR_OK) throw new Error(`Making the file system failed: ${what} answered ${result}.`)
}

function diskOver(file: number, sizeBytes: number): FatFs.DiskIO {
  return {
    initialize: () => 0,
    status: () => 0,
    read(fs, _drive, buffer, sector, count) {
      const into = Buffer.alloc(count * SECTOR_BYTES)
      readSync(file, into, 0, into.length, sector * SECTOR_BYTES)
      fs.HEAPU8.set(into, buffer)
      return FatFs.RES_OK
    },
    write(fs, _drive, buffer, sector, count) {
      const data = fs.HEAPU8.subarray(buffer, buffer + count * SECTOR_BYTES)
      writeSync(file, data, 0, data.length, sector * SECTOR_BYTES)
      return FatFs.RES_OK
    },
    ioctl(fs, _drive, command, buffer) {
      if (command === FatFs.GET_SECTOR_COUNT) fs.setValue(buffer, sizeBytes / SECTOR_BYTES, 'i32')
      else if (command === FatFs.GET_SECTOR_SIZE) fs.setValue(buffer, SECTOR_BYTES, 'i16')
      else if (command === FatFs.GET_BLOCK_SIZE) fs.setValue(buffer, 1, 'i32')
      return FatFs.RES_OK
    },
  }
}
