/**
 * The numbers of the NBD protocol, fixed newstyle with simple replies.
 * Source: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */
export const NBD_MAGIC = 0x4e42444d41474943n
export const OPTION_MAGIC = 0x49484156454f5054n
export const OPTION_REPLY_MAGIC = 0x0003e889045565a9n
export const REQUEST_MAGIC = 0x25609513
export const SIMPLE_REPLY_MAGIC = 0x67446698

export const HANDSHAKE = { FIXED_NEWSTYLE: 1, NO_ZEROES: 2 } as const
export const OPTION = { EXPORT_NAME: 1, ABORT: 2, LIST: 3, INFO: 6, GO: 7 } as const
export const OPTION_REPLY = {
  ACK: 1, SERVER: 2, INFO: 3,
  ERR_UNSUP: 0x80000001, ERR_INVALID: 0x80000003, ERR_UNKNOWN: 0x80000006, ERR_TOO_BIG: 0x80000009,
} as const
export const INFO = { EXPORT: 0, BLOCK_SIZE: 3 } as const
export const COMMAND = { READ: 0, WRITE: 1, DISC: 2, FLUSH: 3, TRIM: 4, WRITE_ZEROES: 6 } as const
export const COMMAND_FLAG = { FUA: 1 } as const
export const TRANSMISSION = { HAS_FLAGS: 1, SEND_FLUSH: 4, SEND_FUA: 8, SEND_TRIM: 32, SEND_WRITE_ZEROES: 64, CAN_MULTI_CONN: 256 } as const
/** What our exports can do. Several connections see one device, so a flush on one covers all. */
export const EXPORT_FLAGS = TRANSMISSION.HAS_FLAGS | TRANSMISSION.SEND_FLUSH | TRANSMISSION.SEND_FUA | TRANSMISSION.SEND_TRIM | TRANSMISSION.SEND_WRITE_ZEROES | TRANSMISSION.CAN_MULTI_CONN

export const REQUEST_BYTES = 28
export const SIMPLE_REPLY_BYTES = 16

/** The largest read or write the protocol lets a client assume (and the largest that we serve). */
export const MAX_PAYLOAD_BYTES = 32 * 1024 * 1024
/** The longest option data we read: an export name is at most 4,096 bytes, and GO adds a few. */
export const MAX_OPTION_BYTES = 8 * 1024
/** A client that still haggles after this many options is not one. */
export const MAX_OPTIONS = 32

/** One request as it stands on the wire, without its payload. Offsets and lengths in bytes. */
export type Request = { readonly flags: number; readonly command: number; readonly handle: bigint; readonly offset: number; readonly length: number }

/** The 28 bytes of a request. */
export function encodeRequest(request: Request): Buffer {
  const header = Buffer.allocUnsafe(REQUEST_BYTES)
  header.writeUInt32BE(REQUEST_MAGIC, 0)
  header.writeUInt16BE(request.flags, 4)
  header.writeUInt16BE(request.command, 6)
  header.writeBigUInt64BE(request.handle, 8)
  header.writeBigUInt64BE(BigInt(request.offset), 16)
  header.writeUInt32BE(request.length, 24)
  return header
}

/** Reads the 28 bytes of a request; throws when they are not one. An offset beyond 2^53 comes out as `Infinity`. */
export function decodeRequest(header: Buffer): Request {
  if (header.readUInt32BE(0) !== REQUEST_MAGIC) throw new Error('Not an NBD request: wrong magic.')
  const offset = header.readBigUInt64BE(16)
  return {
    flags: header.readUInt16BE(4),
    command: header.readUInt16BE(6),
    handle: header.readBigUInt64BE(8),
    offset: offset > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(offset),
    length: header.readUInt32BE(24),
  }
}

/** The 16 bytes of a simple reply, written to the start of `into`. */
export function writeSimpleReply(into: Buffer, handle: bigint, error: number): void {
  into.writeUInt32BE(SIMPLE_REPLY_MAGIC, 0)
  into.writeUInt32BE(error, 4)
  into.writeBigUInt64BE(handle, 8)
}

/** One option reply with its data. */
export function encodeOptionReply(option: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.allocUnsafe(20)
  header.writeBigUInt64BE(OPTION_REPLY_MAGIC, 0)
  header.writeUInt32BE(option, 8)
  header.writeUInt32BE(type, 12)
  header.writeUInt32BE(data.length, 16)
  return Buffer.concat([header, data])
}
