import { constants } from 'node:fs'
import { lstat, mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../state-file.ts'

/** Nothing on a device may lead anywhere else: links are not followed. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
export const WRITE_ANEW = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW

/** A plain file, whole. Rejects with the system's error, or when it is more than `maxBytes`, a link or no file. */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path, READ)
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new Error(`${path} is no plain file.`)
    if (stat.size > maxBytes) throw new Error(`${path} has ${stat.size} bytes, and at most ${maxBytes} can be right.`)
    const content = Buffer.allocUnsafe(stat.size)
    for (let at = 0; at < content.length; ) {
      const { bytesRead } = await file.read(content, at, content.length - at, at)
      if (bytesRead === 0) throw new Error(`${path} was cut short.`)
      at += bytesRead
    }
    return content
  } finally {
    await file.close()
  }
}

/** Writes a file that after a crash is there whole, or not at all, or as it was. */
export async function writeWhole(path: string, content: Buffer): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, WRITE_ANEW, 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** Makes a folder where there is none. Rejects when there is something else in its place, such as a link. */
export async function makeFolder(path: string): Promise<void> {
  const present = await lstat(path).catch(() => null)
  if (present !== null && !present.isDirectory()) throw new Error(`${path} is no folder.`)
  if (present !== null) return
  await mkdir(path, { mode: 0o700 })
  await syncFolder(dirname(path))
}
