import type { Extent } from './block-device.ts'
import { ALLOCATION, CHUNK, CHUNK_FLAG, COMMAND, SIMPLE_REPLY_BYTES, STRUCTURED_REPLY_BYTES, writeChunkHeader, writeOffset, writeSimpleReply } from './protocol.ts'
import type { Request } from './protocol.ts'
import { ALLOCATION_CONTEXT_ID } from './server-handshake.ts'

/** Bytes before the data of a read's reply. */
export const readHeadBytes = (structured: boolean): number => (structured ? STRUCTURED_REPLY_BYTES + 8 : SIMPLE_REPLY_BYTES)

/** Puts what goes before `length` bytes of read data at `at`; `last`: no more of this reply follows (structured only). */
export function writeReadHead(into: Buffer, at: number, request: Request, structured: boolean, offset: number, length: number, last: boolean): void {
  if (!structured) return writeSimpleReply(into, request, 0, at)
  writeChunkHeader(into, request, last ? CHUNK_FLAG.DONE : 0, CHUNK.OFFSET_DATA, 8 + length, at)
  writeOffset(into, offset, at + STRUCTURED_REPLY_BYTES)
}

/** The longest of the replies that carry no data. */
export const STATUS_REPLY_BYTES = STRUCTURED_REPLY_BYTES + 6

/** Puts a reply without data at `at`; `error` is 0 or an NBD number. Returns its length. */
export function writeStatus(into: Buffer, at: number, request: Request, structured: boolean, error: number): number {
  // Reads and block status must be answered in structure, once that is agreed on; the others may be simple.
  if (!structured || (request.command !== COMMAND.READ && request.command !== COMMAND.BLOCK_STATUS)) {
    writeSimpleReply(into, request, error, at)
    return SIMPLE_REPLY_BYTES
  }
  if (error === 0) {
    writeChunkHeader(into, request, CHUNK_FLAG.DONE, CHUNK.NONE, 0, at)
    return STRUCTURED_REPLY_BYTES
  }
  writeChunkHeader(into, request, CHUNK_FLAG.DONE, CHUNK.ERROR, 6, at)
  into.writeUInt32BE(error, at + STRUCTURED_REPLY_BYTES)
  into.writeUInt16BE(0, at + STRUCTURED_REPLY_BYTES + 4)
  return STRUCTURED_REPLY_BYTES + 6
}

/** The reply to a block status. */
export function allocationReply(request: Request, extents: readonly Extent[]): Buffer {
  const payloadBytes = 4 + 8 * extents.length
  const reply = Buffer.alloc(STRUCTURED_REPLY_BYTES + payloadBytes)
  writeChunkHeader(reply, request, CHUNK_FLAG.DONE, CHUNK.BLOCK_STATUS, payloadBytes)
  reply.writeUInt32BE(ALLOCATION_CONTEXT_ID, STRUCTURED_REPLY_BYTES)
  let at = STRUCTURED_REPLY_BYTES + 4
  for (const { length, zero } of extents) {
    reply.writeUInt32BE(length, at)
    reply.writeUInt32BE(zero ? ALLOCATION.ZERO | ALLOCATION.HOLE : 0, at + 4)
    at += 8
  }
  return reply
}
