import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { KoffiFunc } from 'koffi'
import type { Extent } from './block-device.ts'

/** What Node's `fs` cannot ask a file system, nor tell it. */
export interface FileHoles {
  /** Extents that cover exactly the range, as the file system knows them now. Zero: a hole. */
  extents(fd: number, offset: number, length: number): Promise<Extent[]>
  /** Makes a hole of the range: it reads as zeroes and takes no space. False: this file system cannot; nothing was done. */
  punch(fd: number, offset: number, length: number): Promise<boolean>
}

/** `lseek(2)` and `fallocate(2)`, with the numbers of Linux. */
interface Calls {
  readonly lseek: KoffiFunc<(fd: number, offset: number, whence: number) => number | bigint>
  readonly fallocate: KoffiFunc<(fd: number, mode: number, offset: number, length: number) => number>
}

const SEEK_DATA = 3
const SEEK_HOLE = 4
const KEEP_SIZE = 1
const PUNCH_HOLE = 2

/** Extents told at a time: what follows a file as ragged as that counts as data. */
const MAX_EXTENTS = 64 * 1024
/** A hole that came up between two questions moves us on by a block. */
const BLOCK_BYTES = 4096
/** The calls are quick, but there may be many: others get their turn this often. */
const YIELD_EVERY_MS = 1

/** Null where the C library cannot be called that way: files are then without holes that we know of, and zeroes are written out. */
export const fileHoles: Promise<FileHoles | null> = loadCalls().then((calls) => calls && { extents: (...range) => extents(calls, ...range), punch: (...range) => punch(calls, ...range) }, () => null)

async function loadCalls(): Promise<Calls | null> {
  // Elsewhere an offset may be narrower than 64 bits, and the numbers are others.
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) return null
  const { load } = await import('koffi')
  const library = load(null)
  return {
    lseek: library.func('int64_t lseek(int fd, int64_t offset, int whence)'),
    fallocate: library.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  }
}

async function extents({ lseek }: Calls, fd: number, offset: number, length: number): Promise<Extent[]> {
  const end = offset + length
  const found: Extent[] = []
  const add = (to: number, zero: boolean) => {
    const last = found.at(-1)
    if (last?.zero === zero) found[found.length - 1] = { length: last.length + to - at, zero }
    else if (to > at) found.push({ length: to - at, zero })
    at = to
  }
  let at = offset
  let sinceMs = performance.now()
  while (at < end) {
    if (found.length >= MAX_EXTENTS) add(end, false)
    const data = Number(lseek(fd, at, SEEK_DATA))
    // None further on. Or it cannot be told: to be sure, a hole that goes on to the end is asked for.
    if (data < 0) add(end, Number(lseek(fd, at, SEEK_HOLE)) === at)
    else if (data > at) add(Math.min(data, end), true)
    else {
      const hole = Number(lseek(fd, at, SEEK_HOLE))
      add(Math.min(end, hole < 0 ? end : Math.max(hole, at + BLOCK_BYTES)), false)
    }
    if (performance.now() - sinceMs < YIELD_EVERY_MS) continue
    await yieldToEventLoop()
    sinceMs = performance.now()
  }
  return found
}

/** On another thread: a disk may take its time over a large hole. */
function punch({ fallocate }: Calls, fd: number, offset: number, length: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    fallocate.async(fd, PUNCH_HOLE | KEEP_SIZE, offset, length, (error, result) => {
      if (error instanceof Error) reject(error)
      else resolve(result === 0)
    })
  })
}
