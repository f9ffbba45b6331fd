import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { anchor, parseLine } from '@driftless/audit-chain'
import type { Anchor } from '@driftless/audit-chain'
import type { AuditAnchor } from './audit-anchor.ts'

/** Read in pieces: the file is as old as the installation. */
const PIECE_BYTES = 1024 * 1024
const NEWLINE = 10
/** It names customers, to nobody but those who run the coordinator. */
const MODE = 0o600

/**
 * An append-only file, one anchor a line, flushed to the disk before it counts. Several coordinators may share it. A line
 * that a crash has left unfinished is passed over; a file that became shorter is read anew.
 */
export function openFileAnchor(path: string): AuditAnchor {
  let newest = new Map<string, Anchor>()
  let readBytes = 0
  /** `latest` and `publish` of one process do not cut into one another. */
  let turn: Promise<unknown> = Promise.resolve()
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work)
    turn = next.catch(() => {})
    return next
  }

  async function readOn(file: FileHandle): Promise<void> {
    const { size } = await file.stat()
    if (size < readBytes) {
      newest = new Map()
      readBytes = 0
    }
    let rest = Buffer.alloc(0)
    for (let at = readBytes; at < size; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(PIECE_BYTES, size - at)), 0, null, at)
      if (bytesRead === 0) break
      at += bytesRead
      const known = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      const end = known.lastIndexOf(NEWLINE) + 1
      for (const line of known.subarray(0, end).toString('utf8').split('\n')) {
        const read = parseLine(anchor, line)
        if (read !== null) newest.set(read.chain, read)
      }
      readBytes += end
      rest = known.subarray(end)
    }
  }

  return {
    latest: () => inTurn(async () => {
      const file = await openToRead(path)
      try {
        if (file === null) newest = new Map()
        else await readOn(file)
        return new Map(newest)
      } finally {
        await file?.close()
      }
    }),
    publish: (one) => inTurn(async () => {
      const file = await open(path, 'a+', MODE)
      try {
        const { size } = await file.stat()
        await file.appendFile(`${size > 0 && !(await endsInNewline(file, size)) ? '\n' : ''}${JSON.stringify(one)}\n`)
        await file.sync()
        if (size === 0) await syncFolder(path)
      } finally {
        await file.close()
      }
    }),
  }
}

/** Null when there is none yet. */
async function openToRead(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function endsInNewline(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] === NEWLINE
}

/** The name of a new file is not there to stay before its folder is flushed as well. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
