import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { BlockDevice } from '@driftless/nbd'
import type { FoundFile } from '../image/fat-reader.ts'

const BLOCK_BYTES = 4096
/** A request longer than this is cut: the file it lands in is small. */
const LONGEST_WRITE_BYTES = 1024 * 1024
/** A trace of an hour has some hundred thousand writes; a longer file is read up to here. */
const MOST_WRITES = 1_000_000

/**
 * Replays the writes of a recorded hour at their own speed (columns second, op, offset_bytes,
 * length_bytes), folded into `file`. Runs until the trace ends or `stopped()`; a write that fails ends it.
 */
export async function replayTrace(path: string, device: BlockDevice, file: FoundFile, stopped: () => boolean): Promise<void> {
  const started = Date.now()
  const pool = randomBytes(LONGEST_WRITE_BYTES)
  const lines = createInterface({ input: createReadStream(path).pipe(createGunzip()), crlfDelay: Infinity })
  let writes = 0
  for await (const line of lines) {
    const [second, op, offset, length] = line.split(',')
    if (op !== 'W') continue
    writes += 1
    if (stopped() || writes > MOST_WRITES) break
    const dueMs = Number(second) * 1000 - (Date.now() - started)
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(dueMs, 1000)))
    const bytes = Math.min(LONGEST_WRITE_BYTES, file.sizeBytes, Math.ceil(Number(length) / BLOCK_BYTES) * BLOCK_BYTES)
    const room = file.sizeBytes - bytes
    const at = room > 0 ? Math.floor((Number(offset) % room) / BLOCK_BYTES) * BLOCK_BYTES : 0
    if (Number.isFinite(at) && bytes > 0) await device.write(file.offset + at, pool.subarray(0, bytes))
  }
  lines.close()
}
