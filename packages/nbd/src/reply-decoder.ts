import { CHUNK, CHUNK_ERROR_BIT, CHUNK_FLAG, NbdProtocolError, SIMPLE_REPLY_BYTES, SIMPLE_REPLY_MAGIC, STRUCTURED_REPLY_BYTES, STRUCTURED_REPLY_MAGIC, readOffset } from './protocol.ts'

/** The largest chunk that is collected (block status, errors); read data goes straight to its reader. A million extents. */
export const MAX_COLLECTED_BYTES = 8 * 1024 * 1024
/** The longest message of an error that is read; the protocol's limit for strings. */
const MAX_ERROR_BYTES = 4096 + 14

/** One extent of a block status. What its flags mean is the context's business. */
export interface StatusExtent {
  /** In bytes, at least 1. */
  readonly length: number
  readonly flags: number
}

/** What the decoder knows of a request that waits for its reply. */
export interface AwaitedReply {
  readonly offset: number
  /** Where read data goes; null for every other command. */
  readonly into: Buffer | null
  /** Told of every context's extents; null for every other command. */
  readonly onStatus: ((contextId: number, extents: StatusExtent[]) => void) | null
  /** Bytes of `into` filled so far. */
  received: number
  /** The first error among the chunks so far: an NBD number. */
  error: number
}

export interface ReplyReceiver {
  /** The request behind a cookie; undefined when there is none. */
  find(cookieHigh: number, cookieLow: number): AwaitedReply | undefined
  /** The last of a reply is there; `error` is 0 or an NBD number. */
  done(cookieHigh: number, cookieLow: number, error: number): void
}

/**
 * Reads a server's replies out of whatever pieces they arrive in. Throws `NbdProtocolError` at the first thing
 * that breaks the protocol; it is of no use then. Read data is copied once, to where it is wanted; what has to
 * be collected is bounded.
 */
export class ReplyDecoder {
  readonly #receiver: ReplyReceiver
  readonly #structured: boolean
  readonly #head = Buffer.alloc(STRUCTURED_REPLY_BYTES + 8)
  #headWanted = SIMPLE_REPLY_BYTES
  #headFilled = 0
  #awaited: AwaitedReply | null = null
  #type = 0
  #last = false
  /** Payload under way: straight into the reader's buffer, or collected. */
  #target: Buffer | null = null
  #targetFilled = 0
  #collected = false

  constructor(receiver: ReplyReceiver, structured: boolean) {
    this.#receiver = receiver
    this.#structured = structured
  }

  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#target !== null) {
        const taken = Math.min(this.#target.length - this.#targetFilled, bytes.length - at)
        bytes.copy(this.#target, this.#targetFilled, at, at + taken)
        this.#targetFilled += taken
        at += taken
        if (this.#targetFilled === this.#target.length) this.#payloadDone(this.#target)
        continue
      }
      const taken = Math.min(this.#headWanted - this.#headFilled, bytes.length - at)
      bytes.copy(this.#head, this.#headFilled, at, at + taken)
      this.#headFilled += taken
      at += taken
      if (this.#headFilled === this.#headWanted) this.#headDone()
    }
  }

  #headDone(): void {
    const magic = this.#head.readUInt32BE(0)
    if (this.#headWanted === SIMPLE_REPLY_BYTES) {
      if (magic === SIMPLE_REPLY_MAGIC) this.#simple()
      else if (magic === STRUCTURED_REPLY_MAGIC && this.#structured) this.#headWanted = STRUCTURED_REPLY_BYTES
      else throw new NbdProtocolError('Not an NBD reply: wrong magic.')
    } else if (this.#headWanted === STRUCTURED_REPLY_BYTES) this.#chunk()
    else this.#dataChunk()
  }

  #find(): AwaitedReply {
    const awaited = this.#receiver.find(this.#head.readUInt32BE(8), this.#head.readUInt32BE(12))
    if (awaited === undefined) throw new NbdProtocolError('The NBD server answered a request that nobody made.')
    return awaited
  }

  #simple(): void {
    const awaited = this.#find()
    const error = this.#head.readUInt32BE(4)
    this.#awaited = awaited
    this.#type = CHUNK.NONE
    this.#last = true
    if (awaited.error === 0) awaited.error = error
    if (error !== 0 || (awaited.into === null && awaited.onStatus === null)) return this.#chunkDone()
    if (this.#structured || awaited.into === null) throw new NbdProtocolError('The NBD server answered a read or a block status with a simple reply, against what was agreed.')
    awaited.received = awaited.into.length
    this.#receive(awaited.into, false)
  }

  #chunk(): void {
    const awaited = this.#find()
    const length = this.#head.readUInt32BE(16)
    this.#awaited = awaited
    this.#type = this.#head.readUInt16BE(6)
    this.#last = (this.#head.readUInt16BE(4) & CHUNK_FLAG.DONE) !== 0
    if (this.#type === CHUNK.NONE) {
      if (length !== 0 || !this.#last) throw new NbdProtocolError('An empty NBD chunk that is not the last, or not empty.')
      this.#chunkDone()
    } else if (this.#type === CHUNK.OFFSET_DATA) {
      if (awaited.into === null || length < 9 || length - 8 > awaited.into.length) throw new NbdProtocolError(`An NBD data chunk of ${length} bytes does not answer what was asked.`)
      this.#headWanted = STRUCTURED_REPLY_BYTES + 8
    } else if (this.#type === CHUNK.OFFSET_HOLE) {
      if (awaited.into === null || length !== 12) throw new NbdProtocolError('An NBD hole chunk of a wrong length, or not after a read.')
      this.#receive(Buffer.allocUnsafe(length), true)
    } else if (this.#type === CHUNK.BLOCK_STATUS) {
      if (awaited.onStatus === null || length < 12 || length % 8 !== 4 || length > MAX_COLLECTED_BYTES) throw new NbdProtocolError(`A block status of ${length} bytes is none, or was not asked for.`)
      this.#receive(Buffer.allocUnsafe(length), true)
    } else if (this.#type & CHUNK_ERROR_BIT) {
      if (length < 6 || length > MAX_ERROR_BYTES) throw new NbdProtocolError(`An NBD error chunk of ${length} bytes is none.`)
      this.#receive(Buffer.allocUnsafe(length), true)
    } else throw new NbdProtocolError(`An NBD chunk of unknown type ${this.#type}.`)
  }

  /** The offset of a data chunk is there too: find the place of its data. */
  #dataChunk(): void {
    const length = this.#head.readUInt32BE(16) - 8
    const part = this.#part(readOffset(this.#head, STRUCTURED_REPLY_BYTES), length)
    this.#receive(part, false)
  }

  /** The part of the reader's buffer that `length` bytes at `offset` of the disk belong to, now counted as received. */
  #part(offset: number, length: number): Buffer {
    const awaited = this.#awaited
    if (awaited === null || awaited.into === null) throw new NbdProtocolError('NBD data that nobody waits for.')
    const from = offset - awaited.offset
    if (!(from >= 0 && length > 0 && from + length <= awaited.into.length)) throw new NbdProtocolError('NBD data outside of what was asked for.')
    awaited.received += length
    if (awaited.received > awaited.into.length) throw new NbdProtocolError('The NBD server sent some data twice.')
    return awaited.into.subarray(from, from + length)
  }

  #receive(target: Buffer, collected: boolean): void {
    this.#target = target
    this.#targetFilled = 0
    this.#collected = collected
    if (target.length === 0) this.#payloadDone(target)
  }

  #payloadDone(payload: Buffer): void {
    this.#target = null
    if (this.#collected) this.#collectedDone(payload)
    this.#chunkDone()
  }

  #collectedDone(payload: Buffer): void {
    const awaited = this.#awaited
    if (awaited === null) return
    if (this.#type === CHUNK.OFFSET_HOLE) this.#part(readOffset(payload, 0), payload.readUInt32BE(8)).fill(0)
    else if (this.#type === CHUNK.BLOCK_STATUS) awaited.onStatus?.(payload.readUInt32BE(0), extentsOf(payload))
    else {
      const error = payload.readUInt32BE(0)
      if (error === 0) throw new NbdProtocolError('An NBD error chunk without an error.')
      if (awaited.error === 0) awaited.error = error
    }
  }

  #chunkDone(): void {
    const awaited = this.#awaited
    this.#headWanted = SIMPLE_REPLY_BYTES
    this.#headFilled = 0
    this.#awaited = null
    if (!this.#last || awaited === null) return
    if (awaited.error === 0 && awaited.into !== null && awaited.received !== awaited.into.length) throw new NbdProtocolError('The NBD server did not send all of what was read.')
    this.#receiver.done(this.#head.readUInt32BE(8), this.#head.readUInt32BE(12), awaited.error)
  }
}

function extentsOf(payload: Buffer): StatusExtent[] {
  const extents: StatusExtent[] = []
  for (let at = 4; at < payload.length; at += 8) {
    const length = payload.readUInt32BE(at)
    if (length === 0) throw new NbdProtocolError('A block status with an empty extent.')
    extents.push({ length, flags: payload.readUInt32BE(at + 4) })
  }
  return extents
}
