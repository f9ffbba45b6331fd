import { read as readCall, readSync, write as writeCall, writeSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { BlockDevice } from './block-device.ts'
import { CallGate, READ_LIMITS, WRITE_LIMITS } from './call-gate.ts'
import { BlockError } from './errors.ts'
import { fileHoles } from './file-holes.ts'

export type FileDeviceOptions = {
  /** Makes a sparse file of this size when there is none; one that is there keeps its content and must have this size. */
  readonly create?: { readonly sizeBytes: number }
  readonly readOnly?: boolean
  /** Its size, where that is known from elsewhere: of a block device of the system `stat` says 0. It is an error when it is smaller. */
  readonly sizeBytes?: number
}

/** What `writeZeroes` looks at, and writes, at a time. */
const ZEROES = Buffer.alloc(1024 * 1024)
/** What is counted as a block by `stat`, whatever the file system's own block size (POSIX `st_blocks`). */
const STAT_BLOCK_BYTES = 512

/**
 * A raw file, or a block device of the system, as a disk. Flush is fdatasync. Its holes are told, and zeroes become holes. Where that cannot be had,
 * `writeZeroes` writes zeroes, but leaves alone what reads as zero already, so that holes stay holes.
 */
export async function openFileDevice(path: string, options: FileDeviceOptions = {}): Promise<BlockDevice> {
  if (options.create) await createSparse(path, options.create.sizeBytes)
  const file = await open(path, options.readOnly ? 'r' : 'r+')
  const sizeBytes = await sizeOf(file, path, options.sizeBytes).catch(async (error: unknown) => {
    await file.close()
    throw error
  })
  const holes = await fileHoles
  const readGate = new CallGate(READ_LIMITS)
  const writeGate = new CallGate(WRITE_LIMITS)

  const endedEarly = (what: string, at: number, length: number) => new BlockError('EIO', `${what} ended early, at byte ${at} of ${length} (${path}).`)
  async function whole(done: (at: number) => Promise<number>, length: number, what: string): Promise<void> {
    for (let at = 0; at < length; ) {
      const bytes = await done(at)
      if (bytes === 0) throw endedEarly(what, at, length)
      at += bytes
    }
  }
  function wholeNow(done: (at: number) => number, length: number, what: string, gate: CallGate): true {
    const startMs = performance.now()
    for (let at = 0; at < length; ) {
      const bytes = done(at)
      if (bytes === 0) throw endedEarly(what, at, length)
      at += bytes
    }
    gate.took(performance.now() - startMs, length)
    return true
  }
  // The calls with callbacks: half the work of a file handle's promises.
  const read = (offset: number, into: Buffer) => whole((at) => new Promise((resolve, reject) => {
    readCall(file.fd, into, at, into.length - at, offset + at, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
  }), into.length, 'A read')
  const write = (offset: number, data: Buffer) => whole((at) => new Promise((resolve, reject) => {
    writeCall(file.fd, data, at, data.length - at, offset + at, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
  }), data.length, 'A write')

  return {
    sizeBytes,
    read,
    write,
    readNow: (offset, into, alone = false) => readGate.opens(alone) && wholeNow((at) => readSync(file.fd, into, at, into.length - at, offset + at), into.length, 'A read', readGate),
    writeNow: (offset, data, alone = false) => writeGate.opens(alone) && wholeNow((at) => writeSync(file.fd, data, at, data.length - at, offset + at), data.length, 'A write', writeGate),
    flush: () => file.datasync(),
    ...(holes !== null && { extents: (offset: number, length: number) => holes.extents(file.fd, offset, length) }),
    async writeZeroes(offset, length) {
      if ((await holes?.punch(file.fd, offset, length)) === true) return
      const present = Buffer.allocUnsafe(Math.min(ZEROES.length, length))
      for (let at = 0; at < length; at += ZEROES.length) {
        const part = present.subarray(0, Math.min(ZEROES.length, length - at))
        await read(offset + at, part)
        const zeroes = ZEROES.subarray(0, part.length)
        if (!part.equals(zeroes)) await write(offset + at, zeroes)
      }
    },
    close: () => file.close(),
  }
}

/** A size that was told is believed once its last byte can be read. */
async function sizeOf(file: FileHandle, path: string, told: number | undefined): Promise<number> {
  if (told === undefined) return (await file.stat()).size
  const { bytesRead } = told === 0 ? { bytesRead: 1 } : await file.read(Buffer.alloc(1), 0, 1, told - 1)
  if (bytesRead === 0) throw new BlockError('EINVAL', `${path} is smaller than the ${told} bytes that it should have. It may be another disk, or one that was made anew.`)
  return told
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
