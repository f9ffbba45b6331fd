import { readFileSync, writeFileSync } from 'node:fs'
import { connectNbd } from '@driftless/nbd'
import { DISK, powerPathIn, socketPathIn } from './messages.ts'

/** Writers, each with a part of the disk of its own, so that what the disk must hold is known exactly. */
const WRITERS = 6
const PAUSE_MS = 3
const LONGEST_WRITE_BYTES = 48 * 1024

/**
 * A guest that writes at random through its NBD disk, and keeps in `content` (the disk as it begins) what it was acknowledged. It shuts down in order when it
 * is asked to (a word in a file), and starts again when it is switched on.
 */
export async function startGuest(folder: string, content: Buffer, random: () => number) {
  let acknowledged = 0
  let refused = 0
  let stopped = false
  const disk = await connectNbd({ socketPath: socketPathIn(folder), exportName: DISK.key, reconnect: { forSeconds: 60 } })
  const power = () => readFileSync(powerPathIn(folder), 'utf8')
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
  let writing = 0

  const part = Math.floor(DISK.sizeBytes / WRITERS)
  async function write(writer: number): Promise<void> {
    while (!stopped) {
      await pause(PAUSE_MS + random() * PAUSE_MS)
      if (power() !== 'ON') continue
      const length = 1 + Math.floor(random() * LONGEST_WRITE_BYTES)
      const offset = writer * part + Math.floor(random() * (part - length))
      const data = Buffer.alloc(length, random() < 0.15 ? 0 : String(random()))
      writing += 1
      try {
        await disk.write(offset, data)
        data.copy(content, offset)
        acknowledged += 1
      } catch {
        refused += 1
      } finally {
        writing -= 1
      }
    }
  }
  const writers = Array.from({ length: WRITERS }, (_, index) => write(index))
  const watch = setInterval(() => {
    if (power() === 'STOPPING' && writing === 0) writeFileSync(powerPathIn(folder), 'OFF')
  }, 5)

  return {
    /** What the disk must hold: every acknowledged write, in order. */
    content,
    acknowledged: () => acknowledged,
    /** Writes that ended in an error: what the block holds is then unknown, so there must be none. */
    refused: () => refused,
    stop: async () => {
      stopped = true
      clearInterval(watch)
      await Promise.all(writers)
      await disk.close()
    },
  }
}
