/**
 * MAP of `block/`: what lies between a guest and its disk. Each filter wraps a `BlockDevice`
 * and is one; guest calls go down, answers come up:
 *
 *   guest ─NBD─▶ Statistics ─▶ WriteThrottle ─▶ GatedWrites ─▶ DirtyTracking ─▶ (FaultInjection, tests) ─▶ file
 *                bytes, pages,   delays the        held for a     marks a DirtyMap    throws or waits
 *                latency         acknowledgement   test's moment  before and after
 *                                                                  │ asks first
 *                                                                  ▼
 *                                                                 IntentLog: regions durably logged before their first write
 *
 * The replicator reads the file below the filters, so its own reads are never counted or held
 * back. Rule that everything rests on: a block is marked dirty before the write is submitted and
 * again when it has completed, before the guest is told; a copier clears the mark before it reads.
 * Whatever it read then, either it is the newest content or the block is marked once more.
 *
 * This file holds the arithmetic of blocks: which blocks a byte range touches.
 */

/** Unit of the dirty map. A bit for 4 KiB costs 32 MiB a TiB; coarser units re-send what was not written. */
export const BLOCK_BYTES = 4096

/** Number of blocks in a disk of `sizeBytes`; the last may be partial. */
export const blockCount = (sizeBytes: number): number => Math.ceil(sizeBytes / BLOCK_BYTES)

/** First block touched by, and first block after, the byte range. */
export function blocksOf(offset: number, length: number): { first: number; end: number } {
  return { first: Math.floor(offset / BLOCK_BYTES), end: Math.ceil((offset + length) / BLOCK_BYTES) }
}

/** Byte range of a run of blocks, cut at the disk's end. */
export function bytesOf(first: number, end: number, sizeBytes: number): { offset: number; length: number } {
  const offset = first * BLOCK_BYTES
  return { offset, length: Math.min(end * BLOCK_BYTES, sizeBytes) - offset }
}
