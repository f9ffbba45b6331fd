import { crc32 } from 'node:zlib'

/** The scratch files' blocks describe themselves, so that a torn, lost or misplaced write shows. */
export const SCRATCH_BLOCK_BYTES = 4096
const MAGIC = 0x44465342
const HEADER_BYTES = 24
/** Half of a block is filler that does not compress; the rest is zeroes: data as compressible as most. */
const FILLER_BYTES = 2048

/** Block `index` of a disk's scratch file as rewritten for `sequence`, filler taken from `pool` (at least 8 KiB). */
export function encodeBlock(disk: number, index: number, sequence: number, pool: Buffer): Buffer {
  const block = Buffer.alloc(SCRATCH_BLOCK_BYTES)
  block.writeUInt32LE(MAGIC, 0)
  block.writeUInt32LE(disk, 4)
  block.writeUInt32LE(index, 8)
  block.writeBigUInt64LE(BigInt(sequence), 16)
  const from = (sequence * 31 + index * 7) % (pool.length - FILLER_BYTES)
  pool.copy(block, HEADER_BYTES, from, from + FILLER_BYTES)
  block.writeUInt32LE(crc32(block.subarray(0, SCRATCH_BLOCK_BYTES - 4)), SCRATCH_BLOCK_BYTES - 4)
  return block
}

/** Which sequence wrote this block; null when it is not a whole block of this place. */
export function decodeBlock(block: Buffer, disk: number, index: number): number | null {
  const whole = block.readUInt32LE(SCRATCH_BLOCK_BYTES - 4) === crc32(block.subarray(0, SCRATCH_BLOCK_BYTES - 4))
  if (!whole || block.readUInt32LE(0) !== MAGIC || block.readUInt32LE(4) !== disk || block.readUInt32LE(8) !== index) return null
  return Number(block.readBigUInt64LE(16))
}
