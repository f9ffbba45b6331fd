import { MAX_CONTEXTS, decodeContextQuery, encodeContext } from './meta-context.ts'
import { BASE_ALLOCATION, HANDSHAKE, INFO, MAX_OPTIONS, MAX_OPTION_BYTES, MAX_PAYLOAD_BYTES, NBD_MAGIC, NbdProtocolError, OPTION, OPTION_BYTES, OPTION_MAGIC, OPTION_REPLY, encodeName, encodeOptionReply, writeOffset } from './protocol.ts'

/** What is offered to every client. */
export interface Offer {
  readonly name: string
  readonly sizeBytes: number
  /** The protocol's transmission flags. */
  readonly flags: number
  /** Nothing of the export is told before TLS. */
  readonly tlsRequired: boolean
}

/** What an option asks for, once it is answered. */
export type NextStep = 'HAGGLE' | 'TRANSMIT' | 'START_TLS' | 'HANG_UP'

/** The number under which a client knows `base:allocation`; the only context we have. */
export const ALLOCATION_CONTEXT_ID = 1

/** The 18 bytes that a server begins with. */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(18)
  bytes.writeBigUInt64BE(NBD_MAGIC, 0)
  bytes.writeBigUInt64BE(OPTION_MAGIC, 8)
  bytes.writeUInt16BE(HANDSHAKE.FIXED_NEWSTYLE | HANDSHAKE.NO_ZEROES, 16)
  return bytes
}

/** Reads the 16 bytes before an option's data; throws `NbdProtocolError` when they are none. */
export function decodeOptionHeader(header: Buffer): { option: number; length: number } {
  if (header.length !== OPTION_BYTES || header.readBigUInt64BE(0) !== OPTION_MAGIC) throw new NbdProtocolError('Not an NBD option: wrong magic.')
  const length = header.readUInt32BE(12)
  if (length > MAX_OPTION_BYTES) throw new NbdProtocolError(`An NBD option of ${length} bytes is longer than ${MAX_OPTION_BYTES}.`)
  return { option: header.readUInt32BE(8), length }
}

/**
 * One client's haggling before a disk is served: fixed newstyle, one export. Pure: options in, replies and the
 * next step out. Malformed data of an option is answered; a client that never ends throws `NbdProtocolError`.
 */
export class Negotiation {
  readonly #offer: Offer
  readonly #noZeroes: boolean
  #secure: boolean
  #options = 0
  #structured = false
  #contextFor: string | null = null
  #opened = ''

  /** `clientFlags`: the 4 bytes that a client begins with. */
  constructor(offer: Offer, clientFlags: number) {
    this.#offer = offer
    this.#noZeroes = (clientFlags & HANDSHAKE.NO_ZEROES) !== 0
    this.#secure = !offer.tlsRequired
  }

  /** Whether structured replies were agreed on. */
  get structured(): boolean {
    return this.#structured
  }

  /** Whether `base:allocation` was agreed on for the export that was opened. */
  get allocation(): boolean {
    return this.#contextFor !== null && this.#contextFor === this.#opened
  }

  /** TLS is established; what was agreed before it, in the clear, is forgotten. */
  secured(): void {
    this.#secure = true
    this.#structured = false
    this.#contextFor = null
  }

  take(option: number, data: Buffer): { replies: Buffer[]; next: NextStep } {
    this.#options += 1
    if (this.#options > MAX_OPTIONS) throw new NbdProtocolError(`The client haggled over more than ${MAX_OPTIONS} options.`)
    const answer = (...replies: [type: number, data?: Buffer][]) => ({ replies: replies.map(([type, payload]) => encodeOptionReply(option, type, payload)), next: 'HAGGLE' as NextStep })

    if (option === OPTION.ABORT) return { ...answer([OPTION_REPLY.ACK]), next: 'HANG_UP' }
    if (option === OPTION.STARTTLS) {
      if (data.length !== 0) return answer([OPTION_REPLY.ERR_INVALID])
      if (!this.#offer.tlsRequired) return answer([OPTION_REPLY.ERR_POLICY])
      if (this.#secure) return answer([OPTION_REPLY.ERR_INVALID])
      return { ...answer([OPTION_REPLY.ACK]), next: 'START_TLS' }
    }
    if (!this.#secure) {
      // EXPORT_NAME cannot be answered with an error: hang up.
      return option === OPTION.EXPORT_NAME ? { replies: [], next: 'HANG_UP' } : answer([OPTION_REPLY.ERR_TLS_REQD])
    }
    if (option === OPTION.EXPORT_NAME) return this.#exportName(data.toString())
    if (option === OPTION.LIST) return data.length === 0 ? answer([OPTION_REPLY.SERVER, encodeName(this.#offer.name)], [OPTION_REPLY.ACK]) : answer([OPTION_REPLY.ERR_INVALID])
    if (option === OPTION.STRUCTURED_REPLY) {
      if (data.length !== 0) return answer([OPTION_REPLY.ERR_INVALID])
      this.#structured = true
      return answer([OPTION_REPLY.ACK])
    }
    if (option === OPTION.LIST_META_CONTEXT || option === OPTION.SET_META_CONTEXT) return answer(...this.#contexts(option, data))
    if (option === OPTION.GO || option === OPTION.INFO) {
      const wanted = requestedName(data)
      if (wanted === null) return answer([OPTION_REPLY.ERR_INVALID])
      if (!this.#names(wanted)) return answer([OPTION_REPLY.ERR_UNKNOWN])
      this.#opened = wanted
      const told = answer([OPTION_REPLY.INFO, exportInfo(this.#offer)], [OPTION_REPLY.INFO, blockSizeInfo()], [OPTION_REPLY.ACK])
      return { ...told, next: option === OPTION.GO ? 'TRANSMIT' : 'HAGGLE' }
    }
    return answer([OPTION_REPLY.ERR_UNSUP])
  }

  /** The empty name means the default export, which is the only one. */
  #names(wanted: string): boolean {
    return wanted === '' || wanted === this.#offer.name
  }

  #exportName(wanted: string): { replies: Buffer[]; next: NextStep } {
    if (!this.#names(wanted)) return { replies: [], next: 'HANG_UP' }
    this.#opened = wanted
    const reply = Buffer.alloc(this.#noZeroes ? 10 : 134)
    writeOffset(reply, this.#offer.sizeBytes, 0)
    reply.writeUInt16BE(this.#offer.flags, 8)
    return { replies: [reply], next: 'TRANSMIT' }
  }

  #contexts(option: number, data: Buffer): [type: number, data?: Buffer][] {
    const query = decodeContextQuery(data)
    if (option === OPTION.SET_META_CONTEXT) this.#contextFor = null
    if (query === null || !this.#structured || query.queries.length > MAX_CONTEXTS) return [[OPTION_REPLY.ERR_INVALID]]
    if (!this.#names(query.exportName)) return [[OPTION_REPLY.ERR_UNKNOWN]]
    const setting = option === OPTION.SET_META_CONTEXT
    // To set, a context is named in full; to list, `base:` or no query at all is enough.
    const wanted = query.queries.includes(BASE_ALLOCATION) || (!setting && (query.queries.length === 0 || query.queries.includes('base:')))
    if (!wanted) return [[OPTION_REPLY.ACK]]
    if (setting) this.#contextFor = query.exportName
    return [[OPTION_REPLY.META_CONTEXT, encodeContext(setting ? ALLOCATION_CONTEXT_ID : 0, BASE_ALLOCATION)], [OPTION_REPLY.ACK]]
  }
}

/** The export's name out of a GO or INFO option; null when the lengths inside do not add up. */
function requestedName(data: Buffer): string | null {
  if (data.length < 6) return null
  const nameLength = data.readUInt32BE(0)
  if (nameLength > data.length - 6) return null
  const requests = data.readUInt16BE(4 + nameLength)
  return data.length === 6 + nameLength + 2 * requests ? data.subarray(4, 4 + nameLength).toString() : null
}

function exportInfo(offer: Offer): Buffer {
  const info = Buffer.alloc(12)
  info.writeUInt16BE(INFO.EXPORT, 0)
  writeOffset(info, offer.sizeBytes, 2)
  info.writeUInt16BE(offer.flags, 10)
  return info
}

function blockSizeInfo(): Buffer {
  const info = Buffer.alloc(14)
  info.writeUInt16BE(INFO.BLOCK_SIZE, 0)
  info.writeUInt32BE(1, 2)
  info.writeUInt32BE(4096, 6)
  info.writeUInt32BE(MAX_PAYLOAD_BYTES, 10)
  return info
}
