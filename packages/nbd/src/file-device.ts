import { open, stat } from 'node:fs/promises'
import type { BlockDevice } from './block-device.ts'
import { BlockError } from './errors.ts'

export type FileDeviceOptions = {
  /** Makes a sparse file of this size when there is none; one that is there keeps its content and must have this size. */
  readonly create?: { readonly sizeBytes: number }
  readonly readOnly?: boolean
}

/** What `writeZeroes` writes at a time: Node cannot punch holes, so zeroes are written. */
const ZEROES = Buffer.alloc(1024 * 1024)
/** What is counted as a block by `stat`, whatever the file system's own block size (POSIX `st_blocks`). */
const STAT_BLOCK_BYTES = 512

/** A raw file as a disk. Flush is fdatasync. */
export async function openFileDevice(path: string, options: FileDeviceOptions = {}): Promise<BlockDevice> {
  if (options.create) await createSparse(path, options.create.sizeBytes)
  const file = await open(path, options.readOnly ? 'r' : 'r+')
  const sizeBytes = (await file.stat()).size

  async function whole(done: (at: number) => Promise<number>, length: number, what: string): Promise<void> {
    for (let at = 0; at < length; ) {
      const bytes = await done(at)
      if (bytes === 0) throw new BlockError('EIO', `${what} ended early, at byte ${at} of ${length} (${path}).`)
      at += bytes
    }
  }
  const write = (offset: number, data: Buffer) => whole(async (at) => (await file.write(data, at, data.length - at, offset + at)).bytesWritten, data.length, 'A write')

  return {
    sizeBytes,
    read: (offset, into) => whole(async (at) => (await file.read(into, at, into.length - at, offset + at)).bytesRead, into.length, 'A read'),
    write,
    flush: () => file.datasync(),
    async writeZeroes(offset, length) {
      for (let at = 0; at < length; at += ZEROES.length) await write(offset + at, ZEROES.subarray(0, Math.min(ZEROES.length, length - at)))
    },
    close: () => file.close(),
  }
}

async function createSparse(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, 'a')
  try {
    const present = (await file.stat()).size
    if (present === 0) await file.truncate(sizeBytes)
    else if (present !== sizeBytes) throw new BlockError('EINVAL', `${path} is there already, with ${present} bytes instead of ${sizeBytes}.`)
  } finally {
    await file.close()
  }
}

/** Bytes that a file really takes on its disk; holes take none. */
export async function allocatedBytes(path: string): Promise<number> {
  return (await stat(path)).blocks * STAT_BLOCK_BYTES
}
