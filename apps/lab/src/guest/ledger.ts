import { crc32 } from 'node:zlib'

/**
 * The ledger: a ring of records on the guest's first disk. A record says which blocks of which disk's
 * scratch file were rewritten before it; it is flushed before it is acknowledged to the outside.
 */
export type LedgerRecord = { readonly sequence: number; readonly atMs: number; readonly disk: number; readonly firstBlock: number; readonly blocks: number }

export const RECORD_BYTES = 64
const MAGIC = 0x44464c52

export function encodeRecord(record: LedgerRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(record.disk, 4)
  bytes.writeBigUInt64LE(BigInt(record.sequence), 8)
  bytes.writeBigUInt64LE(BigInt(Math.floor(record.atMs)), 16)
  bytes.writeUInt32LE(record.firstBlock, 24)
  bytes.writeUInt32LE(record.blocks, 28)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60)
  return bytes
}

/** The record in these 64 bytes; null when it is none, or a torn one. */
export function decodeRecord(bytes: Buffer): LedgerRecord | null {
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(60) !== crc32(bytes.subarray(0, 60))) return null
  return {
    disk: bytes.readUInt32LE(4),
    sequence: Number(bytes.readBigUInt64LE(8)),
    atMs: Number(bytes.readBigUInt64LE(16)),
    firstBlock: bytes.readUInt32LE(24),
    blocks: bytes.readUInt32LE(28),
  }
}

/** Where the record with this sequence number stands in a ring of `slots`. */
export const slotOf = (sequence: number, slots: number): number => sequence % slots

/**
 * Reads a whole ring: the highest sequence number in it, and the records that must be there behind it.
 * One slot may hold a torn record: the one that was being written when the guest died, which nobody
 * was told of. Any other gap is a lost write: `missing` names the first.
 */
export function readLedger(ring: Buffer): { highest: number; records: LedgerRecord[]; missing: number | null } {
  const slots = Math.floor(ring.length / RECORD_BYTES)
  const bySlot: (LedgerRecord | null)[] = []
  for (let slot = 0; slot < slots; slot += 1) {
    const record = decodeRecord(ring.subarray(slot * RECORD_BYTES, (slot + 1) * RECORD_BYTES))
    bySlot.push(record && slotOf(record.sequence, slots) === slot ? record : null)
  }
  const highest = bySlot.reduce((most, record) => Math.max(most, record?.sequence ?? 0), 0)
  const records: LedgerRecord[] = []
  for (let sequence = Math.max(1, highest - slots + 2); sequence <= highest; sequence += 1) {
    const record = bySlot[slotOf(sequence, slots)]
    if (!record || record.sequence !== sequence) return { highest, records, missing: sequence }
    records.push(record)
  }
  return { highest, records, missing: null }
}
