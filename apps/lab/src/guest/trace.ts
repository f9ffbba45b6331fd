import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { BlockDevice } from '@driftless/nbd'
import type { FoundFile } from '../image/fat-reader.ts'

const BLOCK_BYTES = 4096
/** A request longer than this is cut: the file it lands in is small. */
const LONGEST_WRITE_BYTES = 1024 * 1024
/** A trace of an hour has some hundred thousand writes; a longer file is read up to here. */
const MOST_WRITES = 1_000_000
/** An hour's trace unpacks to a few MiB; more is not one. */
const MAX_TRACE_BYTES = 256 * 1024 * 1024
/** A shutdown waits at most this long for the replay: it counts as downtime. */
const SLEEP_MS = 20

/**
 * Replays the writes of a recorded hour at their own speed (columns second, op, offset_bytes,
 * length_bytes), folded into `file`. Runs until the trace ends or `stopped()`. Rejects when the trace
 * cannot be read (at a target it often is not there) or a write fails; the guest goes on without it.
 */
export async function replayTrace(path: string, device: BlockDevice, file: FoundFile, stopped: () => boolean): Promise<void> {
  const text = (await promisify(gunzip)(await readFile(path), { maxOutputLength: MAX_TRACE_BYTES })).toString('latin1')
  const pool = randomBytes(LONGEST_WRITE_BYTES)
  const started = Date.now()
  let writes = 0
  for (const line of text.split('\n')) {
    const [second, op, offset, length] = line.split(',')
    if (op !== 'W') continue
    writes += 1
    const dueAtMs = started + Number(second) * 1000
    for (let waitMs = dueAtMs - Date.now(); waitMs > 0 && !stopped(); waitMs = dueAtMs - Date.now()) await sleep(Math.min(waitMs, SLEEP_MS))
    if (stopped() || writes > MOST_WRITES) return
    const bytes = Math.min(LONGEST_WRITE_BYTES, file.sizeBytes, Math.ceil(Number(length) / BLOCK_BYTES) * BLOCK_BYTES)
    const room = file.sizeBytes - bytes
    const at = room > 0 ? Math.floor((Number(offset) % room) / BLOCK_BYTES) * BLOCK_BYTES : 0
    if (Number.isFinite(at) && bytes > 0) await device.write(file.offset + at, pool.subarray(0, bytes))
  }
}
