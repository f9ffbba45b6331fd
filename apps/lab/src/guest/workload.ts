import { randomBytes } from 'node:crypto'
import type { BlockDevice } from '@driftless/nbd'
import type { LabWorkload } from '@driftless/lab-api'
import type { FoundFile } from '../image/fat-reader.ts'
import { LEDGER_BYTES } from '../image/file-names.ts'
import { RECORD_BYTES, encodeRecord, slotOf } from './ledger.ts'
import { SCRATCH_BLOCK_BYTES, encodeBlock } from './scratch.ts'

export type WorkDisk = { readonly device: BlockDevice; readonly scratch: FoundFile }

/** One rewrite is this many blocks at most: 1 MiB, as databases checkpoint. */
const MOST_BLOCKS = 256

/**
 * What the guest does with its life, one record at a time: rewrite some random blocks, note them in
 * the ledger, flush, and only then acknowledge. `acknowledge` is the outside world.
 */
export function startWorkload(disks: readonly WorkDisk[], ledger: FoundFile, workload: LabWorkload, highest: number, acknowledge: (sequence: number) => void): { stop(): Promise<void> } {
  const pool = randomBytes(16 * 1024)
  const periodMs = 1000 / workload.ledgerRecordsPerSecond
  const wanted = Math.round(workload.rewriteBytesPerSecond / workload.ledgerRecordsPerSecond / SCRATCH_BLOCK_BYTES)
  let sequence = highest
  let stopped = false
  let wake: (() => void) | null = null

  async function record(next: number): Promise<void> {
    const at = next % disks.length
    const disk = disks[at]
    const first = disks[0]
    if (!disk || !first) return
    const blocksThere = Math.max(1, Math.floor((disk.scratch.sizeBytes / SCRATCH_BLOCK_BYTES) * workload.workingSet))
    const blocks = Math.min(wanted, MOST_BLOCKS, blocksThere)
    const firstBlock = Math.floor(Math.random() * (blocksThere - blocks + 1))
    if (blocks > 0) {
      const data = Buffer.concat(Array.from({ length: blocks }, (_, i) => encodeBlock(at, firstBlock + i, next, pool)))
      await disk.device.write(disk.scratch.offset + firstBlock * SCRATCH_BLOCK_BYTES, data)
      if (disk !== first) await disk.device.flush()
    }
    const slot = slotOf(next, LEDGER_BYTES / RECORD_BYTES)
    await first.device.write(ledger.offset + slot * RECORD_BYTES, encodeRecord({ sequence: next, atMs: Date.now(), disk: at, firstBlock, blocks }))
    await first.device.flush()
    acknowledge(next)
  }

  async function run(): Promise<void> {
    for (let due = Date.now(); !stopped; ) {
      await record(sequence + 1)
      sequence += 1
      due = Math.max(due + periodMs, Date.now() - periodMs)
      const pauseMs = due - Date.now()
      if (pauseMs > 0 && !stopped) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pauseMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
    }
  }

  const running = run()
  return {
    stop() {
      stopped = true
      wake?.()
      return running
    },
  }
}
