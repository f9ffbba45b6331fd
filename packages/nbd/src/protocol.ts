/**
 * The numbers of the NBD protocol, fixed newstyle, with simple and structured replies.
 * Source: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */
export const NBD_MAGIC = 0x4e42444d41474943n
export const OPTION_MAGIC = 0x49484156454f5054n
export const OPTION_REPLY_MAGIC = 0x0003e889045565a9n
export const REQUEST_MAGIC = 0x25609513
export const SIMPLE_REPLY_MAGIC = 0x67446698
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef

export const HANDSHAKE = { FIXED_NEWSTYLE: 1, NO_ZEROES: 2 } as const
export const OPTION = { EXPORT_NAME: 1, ABORT: 2, LIST: 3, STARTTLS: 5, INFO: 6, GO: 7, STRUCTURED_REPLY: 8, LIST_META_CONTEXT: 9, SET_META_CONTEXT: 10 } as const
export const OPTION_REPLY = {
  ACK: 1, SERVER: 2, INFO: 3, META_CONTEXT: 4,
  ERR_UNSUP: 0x80000001, ERR_POLICY: 0x80000002, ERR_INVALID: 0x80000003, ERR_TLS_REQD: 0x80000005, ERR_UNKNOWN: 0x80000006, ERR_TOO_BIG: 0x80000009,
} as const
/** Option replies from here on are errors. */
export const OPTION_ERROR = 0x80000000
export const INFO = { EXPORT: 0, BLOCK_SIZE: 3 } as const
export const COMMAND = { READ: 0, WRITE: 1, DISC: 2, FLUSH: 3, TRIM: 4, WRITE_ZEROES: 6, BLOCK_STATUS: 7 } as const
export const COMMAND_FLAG = { FUA: 1, NO_HOLE: 2, DF: 4, REQ_ONE: 8, FAST_ZERO: 16 } as const
export const TRANSMISSION = { HAS_FLAGS: 1, READ_ONLY: 2, SEND_FLUSH: 4, SEND_FUA: 8, SEND_TRIM: 32, SEND_WRITE_ZEROES: 64, CAN_MULTI_CONN: 256, SEND_FAST_ZERO: 2048 } as const

export const CHUNK = { NONE: 0, OFFSET_DATA: 1, OFFSET_HOLE: 2, BLOCK_STATUS: 5, ERROR: 32769, ERROR_OFFSET: 32770 } as const
/** Chunk types with this bit are errors, whether known or not. */
export const CHUNK_ERROR_BIT = 0x8000
export const CHUNK_FLAG = { DONE: 1 } as const
/** The meta context every server with block status has, and what its flags say. */
export const BASE_ALLOCATION = 'base:allocation'
export const ALLOCATION = { HOLE: 1, ZERO: 2 } as const

export const REQUEST_BYTES = 28
export const SIMPLE_REPLY_BYTES = 16
export const STRUCTURED_REPLY_BYTES = 20
export const OPTION_BYTES = 16
export const OPTION_REPLY_BYTES = 20

/** The largest read or write the protocol lets a client assume (and the largest that we serve). */
export const MAX_PAYLOAD_BYTES = 32 * 1024 * 1024
/** The longest option data we read: an export name is at most 4,096 bytes, and the others add a few. */
export const MAX_OPTION_BYTES = 8 * 1024
/** A peer that still haggles after this many options or replies is not one. */
export const MAX_OPTIONS = 32

/** What was received is not NBD, or breaks its rules. The connection is of no use any more. */
export class NbdProtocolError extends Error {
  override readonly name = 'NbdProtocolError'
}

/**
 * One request as it stands on the wire, without its payload. Offsets and lengths in bytes. The cookie (the
 * protocol's "handle") is whatever the client chose, kept as two halves: nobody counts with it.
 */
export type Request = { readonly flags: number; readonly command: number; readonly cookieHigh: number; readonly cookieLow: number; readonly offset: number; readonly length: number }

/** The 28 bytes of a request. */
export function encodeRequest(request: Request): Buffer {
  const header = Buffer.allocUnsafe(REQUEST_BYTES)
  header.writeUInt32BE(REQUEST_MAGIC, 0)
  header.writeUInt16BE(request.flags, 4)
  header.writeUInt16BE(request.command, 6)
  header.writeUInt32BE(request.cookieHigh, 8)
  header.writeUInt32BE(request.cookieLow, 12)
  writeOffset(header, request.offset, 16)
  header.writeUInt32BE(request.length, 24)
  return header
}

/** Reads the 28 bytes of a request from `at`; throws `NbdProtocolError` when they are not one. An offset beyond 2^53 comes out as `Infinity`. */
export function decodeRequest(header: Buffer, at = 0): Request {
  if (header.readUInt32BE(at) !== REQUEST_MAGIC) throw new NbdProtocolError('Not an NBD request: wrong magic.')
  return {
    flags: header.readUInt16BE(at + 4),
    command: header.readUInt16BE(at + 6),
    cookieHigh: header.readUInt32BE(at + 8),
    cookieLow: header.readUInt32BE(at + 12),
    offset: readOffset(header, at + 16),
    length: header.readUInt32BE(at + 24),
  }
}

/** The 16 bytes of a simple reply, written at `at`. */
export function writeSimpleReply(into: Buffer, request: Request, error: number, at = 0): void {
  into.writeUInt32BE(SIMPLE_REPLY_MAGIC, at)
  into.writeUInt32BE(error, at + 4)
  into.writeUInt32BE(request.cookieHigh, at + 8)
  into.writeUInt32BE(request.cookieLow, at + 12)
}

/** The 20 bytes before a chunk of a structured reply, written at `at`; `length` bytes of it follow. */
export function writeChunkHeader(into: Buffer, request: Request, flags: number, type: number, length: number, at = 0): void {
  into.writeUInt32BE(STRUCTURED_REPLY_MAGIC, at)
  into.writeUInt16BE(flags, at + 4)
  into.writeUInt16BE(type, at + 6)
  into.writeUInt32BE(request.cookieHigh, at + 8)
  into.writeUInt32BE(request.cookieLow, at + 12)
  into.writeUInt32BE(length, at + 16)
}

/** One option with its data. */
export function encodeOption(option: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.allocUnsafe(OPTION_BYTES)
  header.writeBigUInt64BE(OPTION_MAGIC, 0)
  header.writeUInt32BE(option, 8)
  header.writeUInt32BE(data.length, 12)
  return Buffer.concat([header, data])
}

/** One option reply with its data. */
export function encodeOptionReply(option: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.allocUnsafe(OPTION_REPLY_BYTES)
  header.writeBigUInt64BE(OPTION_REPLY_MAGIC, 0)
  header.writeUInt32BE(option, 8)
  header.writeUInt32BE(type, 12)
  header.writeUInt32BE(data.length, 16)
  return Buffer.concat([header, data])
}

/** A string with its length in 32 bits before it, as options carry names. */
export function encodeName(name: string): Buffer {
  const bytes = Buffer.from(name)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A 64-bit offset as a number; `Infinity` where it is beyond what a number holds exactly. */
export function readOffset(from: Buffer, at: number): number {
  const high = from.readUInt32BE(at)
  return high > 0x1fffff ? Number.POSITIVE_INFINITY : high * 0x1_0000_0000 + from.readUInt32BE(at + 4)
}

export function writeOffset(into: Buffer, offset: number, at: number): void {
  into.writeUInt32BE(Math.floor(offset / 0x1_0000_0000), at)
  into.writeUInt32BE(offset % 0x1_0000_0000, at + 4)
}
