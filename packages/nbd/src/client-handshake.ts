import type { Socket } from 'node:net'
import { decodeContext, encodeContextQuery } from './meta-context.ts'
import { HANDSHAKE, INFO, MAX_OPTIONS, MAX_OPTION_BYTES, MAX_PAYLOAD_BYTES, NBD_MAGIC, NbdProtocolError, OPTION, OPTION_ERROR, OPTION_MAGIC, OPTION_REPLY, OPTION_REPLY_BYTES, OPTION_REPLY_MAGIC, encodeName, encodeOption, readOffset } from './protocol.ts'
import type { SocketReader } from './socket-reader.ts'
import { socketReader } from './socket-reader.ts'
import { tlsClient } from './tls.ts'
import type { NbdTls } from './tls.ts'

/** An export, as agreed with its server. */
export interface Agreement {
  readonly socket: Socket
  readonly sizeBytes: number
  /** The protocol's transmission flags. */
  readonly flags: number
  readonly structured: boolean
  /** The agreed meta contexts: their names by their numbers. */
  readonly contexts: ReadonlyMap<number, string>
  /** The longest read or write the server takes. */
  readonly maxPayloadBytes: number
}

export interface Wanted {
  readonly exportName: string
  readonly contexts: readonly string[]
  readonly tls?: NbdTls | undefined
}

type OptionReply = { readonly type: number; readonly data: Buffer }

/**
 * Opens an export: TLS where it is wanted (a server without it is refused, never spoken to in the clear),
 * structured replies and meta contexts as far as the server has them, and GO. Throws when the server is not NBD
 * or refuses the export.
 */
export async function clientHandshake(plain: Socket, wanted: Wanted): Promise<Agreement> {
  let socket = plain
  let reader = socketReader(plain)
  const greeting = await reader.exactly(18)
  if (greeting.readBigUInt64BE(0) !== NBD_MAGIC || greeting.readBigUInt64BE(8) !== OPTION_MAGIC) throw new NbdProtocolError('Not an NBD server: wrong magic.')
  if (!(greeting.readUInt16BE(16) & HANDSHAKE.FIXED_NEWSTYLE)) throw new NbdProtocolError('The NBD server does not speak fixed newstyle.')
  const flags = Buffer.alloc(4)
  flags.writeUInt32BE(HANDSHAKE.FIXED_NEWSTYLE | HANDSHAKE.NO_ZEROES)
  socket.write(flags)

  if (wanted.tls) {
    const answers = await ask(socket, reader, OPTION.STARTTLS)
    if (!accepted(answers)) throw new NbdProtocolError('The NBD server does not offer TLS, which was asked for; nothing is sent in the clear.')
    reader.release()
    socket = await tlsClient(plain, wanted.tls)
    reader = socketReader(socket)
  }
  const structured = accepted(await ask(socket, reader, OPTION.STRUCTURED_REPLY))
  const contexts = new Map<number, string>()
  if (structured && wanted.contexts.length > 0) {
    for (const { type, data } of await ask(socket, reader, OPTION.SET_META_CONTEXT, encodeContextQuery(wanted.exportName, wanted.contexts))) {
      if (type !== OPTION_REPLY.META_CONTEXT) continue
      const { id, name } = decodeContext(data)
      contexts.set(id, name)
    }
  }
  const opened = readGo(wanted.exportName, await ask(socket, reader, OPTION.GO, goData(wanted.exportName)))
  reader.release()
  return { socket, structured, contexts, ...opened }
}

/** Sends an option and reads all replies to it; the last is the acknowledgement or an error. */
async function ask(socket: Socket, reader: SocketReader, option: number, data?: Buffer): Promise<OptionReply[]> {
  socket.write(encodeOption(option, data))
  const replies: OptionReply[] = []
  while (replies.length < MAX_OPTIONS) {
    const { type, length } = decodeOptionReplyHeader(await reader.exactly(OPTION_REPLY_BYTES), option)
    replies.push({ type, data: await reader.exactly(length) })
    if (type === OPTION_REPLY.ACK || type >= OPTION_ERROR) return replies
  }
  throw new NbdProtocolError('The NBD server never came to an end of its replies.')
}

/** Reads the 20 bytes before the data of an option reply; throws `NbdProtocolError` when they are none, or answer another option. */
export function decodeOptionReplyHeader(header: Buffer, option: number): { type: number; length: number } {
  if (header.readBigUInt64BE(0) !== OPTION_REPLY_MAGIC) throw new NbdProtocolError('Not an NBD option reply: wrong magic.')
  if (header.readUInt32BE(8) !== option) throw new NbdProtocolError('The NBD server answered an option that was not asked.')
  const length = header.readUInt32BE(16)
  if (length > MAX_OPTION_BYTES) throw new NbdProtocolError(`An NBD option reply of ${length} bytes is too long.`)
  return { type: header.readUInt32BE(12), length }
}

const accepted = (replies: readonly OptionReply[]): boolean => replies.at(-1)?.type === OPTION_REPLY.ACK

/** GO with a request for the block sizes: a server with constraints insists on being asked. */
function goData(exportName: string): Buffer {
  const requests = Buffer.alloc(4)
  requests.writeUInt16BE(1, 0)
  requests.writeUInt16BE(INFO.BLOCK_SIZE, 2)
  return Buffer.concat([encodeName(exportName), requests])
}

/** What GO's replies say; throws when the export was refused or its size is not told. */
export function readGo(exportName: string, replies: readonly OptionReply[]): { sizeBytes: number; flags: number; maxPayloadBytes: number } {
  let sizeBytes: number | null = null
  let flags = 0
  let maxPayloadBytes = MAX_PAYLOAD_BYTES
  for (const { type, data } of replies) {
    if (type >= OPTION_ERROR) throw new NbdProtocolError(`The NBD server refused the export "${exportName}" (${type.toString(16)})${data.length > 0 ? `: ${data.toString()}` : '.'}`)
    if (type !== OPTION_REPLY.INFO || data.length < 2) continue
    const info = data.readUInt16BE(0)
    if (info === INFO.EXPORT && data.length === 12) {
      sizeBytes = readOffset(data, 2)
      flags = data.readUInt16BE(10)
    } else if (info === INFO.BLOCK_SIZE && data.length === 14) maxPayloadBytes = Math.min(MAX_PAYLOAD_BYTES, data.readUInt32BE(10))
  }
  if (sizeBytes === null || !Number.isFinite(sizeBytes)) throw new NbdProtocolError('The NBD server did not tell the size of its export.')
  if (maxPayloadBytes < 4096) throw new NbdProtocolError(`The NBD server takes no more than ${maxPayloadBytes} bytes at a time, less than one block.`)
  return { sizeBytes, flags, maxPayloadBytes }
}
