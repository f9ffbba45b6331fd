/**
 * The agent-to-agent wire, version 2 (2026-11-25; version 1 of 2026-11-23 had no marks, offers and resume position).
 * TLS 1.3, both ends authenticated by the gateway's CA. The source speaks first:
 *
 *   source                                target
 *   HELLO {migrationId, diskKey, …}  ──▶
 *                                    ◀──  HELLO_OK {epoch, fresh, sweptBytes, missing}, or ERROR and close
 *   WRITE / ZERO / …                 ──▶  applied in order, not answered one by one
 *   MARK n                           ──▶
 *                                    ◀──  MARKED n: all that came before it is applied, not yet durable (flow control)
 *   FLUSH n, sweptBytes              ──▶
 *                                    ◀──  FLUSHED n: all that came before it is durable, and `sweptBytes` is recorded
 *   HASHES_REQUEST n, range          ──▶
 *                                    ◀──  HASHES n: BLAKE3 of each piece, after all that came before
 *   OFFER n, range, hashes           ──▶  pieces that the target finds in its own store it puts there by itself
 *                                    ◀──  TAKEN n: a bit a piece: it has this content there now (first piece: lowest bit)
 *   POINT n, moment                  ──▶
 *                                    ◀──  POINTED n: all that came before it is applied, and that moment is kept if a test waits for it
 *                                    ◀──  ERROR {code, message} at any time, then close
 *
 * Where the gateway has given both agents a key for this stream, HELLO and HELLO_OK carry a proof of it (`proof.ts`).
 *
 * The way back (`HELLO {reverse: true}`): a source that nobody can dial calls as before, and the roles change: it is the
 * target that now says HELLO on this connection, and sends.
 *
 * On a long link (`lanes.ts` says when) several connections carry one stream. Before all else the source says on each
 *
 *   LANES {bundle, index, of}        ──▶
 *                                    ◀──  LANES_OK once all have come, or ERROR and close
 *
 * and from then on both ends send chunks on them (`lane-chunks.ts`), which put in order are the stream above (`bundle.ts`).
 *
 * While VMs are only observed the way is probed now and then. Instead of HELLO the source says
 *
 *   PROBE {proof}                    ──▶
 *                                    ◀──  PROBE_OK {proof}, or ERROR and close
 *   PROBE_DATA … , MARK n            ──▶  thrown away, bounded
 *                                    ◀──  MARKED n
 *
 * Frame: u32 length of what follows the 8-byte header, u8 type, u8 flags, u16 zero; all numbers
 * big-endian. `epoch` names a replica's content history: with the same epoch as before the
 * source's map still holds; with another it must start over (compare, unless `fresh`: all zero).
 */
import { z } from 'zod'
import { bytes, id } from '@driftless/agent-api'

export const STREAM_VERSION = 2

export const FRAME_HEADER_BYTES = 8

/** Most data in one WRITE: large enough for full speed, small enough to bound memory. */
export const MAX_DATA_BYTES = 1024 * 1024

/** Room for a WRITE's own fields (offset, length, hash). */
export const WRITE_FIELDS_BYTES = 8 + 4 + 32

export const MAX_FRAME_BYTES = MAX_DATA_BYTES + WRITE_FIELDS_BYTES

/** Until HELLO is done a peer may only send this much: it has no standing yet. */
export const MAX_FRAME_BYTES_BEFORE_HELLO = 64 * 1024

/** Bytes of one frame's header and a WRITE's fields: what stands before the data. */
export const WRITE_HEAD_BYTES = FRAME_HEADER_BYTES + WRITE_FIELDS_BYTES

/** Hashes are asked for and answered by pieces of this size, and by ranges of at most this many. */
export const HASH_PIECE_BYTES = 64 * 1024
export const MAX_HASH_RANGE_BYTES = 64 * HASH_PIECE_BYTES
export const HASH_BYTES = 32

/** As many ranges fit into a HELLO_OK with room to spare; neighbours are made one where there are more. */
export const MAX_MISSING_RANGES = 1_000

/** The WRITE's data is zstd-compressed. */
export const FLAG_ZSTD = 1

export const FRAME = {
  HELLO: 1,
  HELLO_OK: 2,
  WRITE: 3,
  ZERO: 4,
  FLUSH: 5,
  FLUSHED: 6,
  HASHES_REQUEST: 7,
  HASHES: 8,
  ERROR: 9,
  MARK: 10,
  MARKED: 11,
  OFFER: 12,
  TAKEN: 13,
  POINT: 16,
  POINTED: 17,
  LANES: 18,
  LANES_OK: 19,
  PROBE: 20,
  PROBE_OK: 21,
  PROBE_DATA: 22,
} as const

/** HMAC-SHA256, hex. */
const proof = z.string().regex(/^[0-9a-f]{64}$/)

export const hello = z.object({
  version: z.number().int(),
  migrationId: id,
  diskKey: z.string().min(1).max(60),
  sizeBytes: bytes,
  /** The way back: the peer dialled, because nobody can dial it, and from here on waits for a HELLO from us. */
  reverse: z.boolean().optional(),
  /** That the speaker has the stream's key (`proof.ts`); absent: it was given none. */
  proof: proof.optional(),
})
export type Hello = z.infer<typeof hello>

export const helloOk = z.object({
  epoch: z.string().min(1).max(80),
  fresh: z.boolean(),
  /** The sweep's position that the target recorded at the last flush of this epoch; 0 when unknown. */
  sweptBytes: bytes.default(0),
  /** Bytes whose hash the target knows from reading them back; absent: none. */
  knownBytes: bytes.optional(),
  /** The target looks offered pieces up in what it holds; without it an offer only costs time. */
  takesOffers: z.boolean().default(false),
  /** Ranges (offset, length) that the disk's seed did not bring, being damaged or lost: they are to be sent whatever the source's map says. Absent: none. */
  missing: z.array(z.tuple([bytes, bytes])).max(MAX_MISSING_RANGES).optional(),
  proof: proof.optional(),
})
export type HelloOk = z.infer<typeof helloOk>
/** As a target says it: what it leaves out has its default. */
export type HelloOkSaid = z.input<typeof helloOk>

/** Most connections that carry one stream. */
export const MAX_LANES = 8

export const lanes = z.object({
  /** Random, 128 bit: the same on all connections of one stream. */
  bundle: z.string().regex(/^[0-9a-f]{32}$/),
  index: z.number().int().min(0).max(MAX_LANES - 1),
  of: z.number().int().min(2).max(MAX_LANES),
})
export type Lanes = z.infer<typeof lanes>

export const lanesOk = z.object({ of: z.number().int() })

/** That the speaker has the key of probes between these two agents. */
export const probe = z.object({ proof })

/** Most that one probe sends, and in one frame: the target reads no more. */
export const MOST_PROBE_BYTES = 16 * 1024 * 1024
export const PROBE_PIECE_BYTES = 32 * 1024

export const streamRefusal = z.object({ code: z.string().max(60), message: z.string().max(500) })
export type StreamRefusal = z.infer<typeof streamRefusal>

/** The peer said no, or broke the protocol. `code` is stable; `message` says what to do. */
export class StreamError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'StreamError'
    this.code = code
  }
}
