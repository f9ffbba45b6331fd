import type { Socket } from 'node:net'
import type { SocketReader } from './socket-reader.ts'
import { HANDSHAKE, INFO, MAX_OPTIONS, MAX_OPTION_BYTES, MAX_PAYLOAD_BYTES, NBD_MAGIC, OPTION, OPTION_MAGIC, OPTION_REPLY, TRANSMISSION, encodeOptionReply } from './protocol.ts'

const EXPORT_FLAGS = TRANSMISSION.HAS_FLAGS | TRANSMISSION.SEND_FLUSH | TRANSMISSION.SEND_FUA | TRANSMISSION.SEND_TRIM | TRANSMISSION.SEND_WRITE_ZEROES | TRANSMISSION.CAN_MULTI_CONN
export type Export = { readonly name: string; readonly sizeBytes: number }

/**
 * The haggling before a disk is served: fixed newstyle, one export. Resolves to true when the client
 * went on to transmission, to false when it left in order; throws on what is not NBD.
 */
export async function serverHandshake(socket: Socket, reader: SocketReader, offered: Export): Promise<boolean> {
  const greeting = Buffer.alloc(18)
  greeting.writeBigUInt64BE(NBD_MAGIC, 0)
  greeting.writeBigUInt64BE(OPTION_MAGIC, 8)
  greeting.writeUInt16BE(HANDSHAKE.FIXED_NEWSTYLE | HANDSHAKE.NO_ZEROES, 16)
  socket.write(greeting)
  const clientFlags = (await reader.exactly(4)).readUInt32BE(0)

  for (let options = 0; options < MAX_OPTIONS; options += 1) {
    const header = await reader.exactly(16)
    if (header.readBigUInt64BE(0) !== OPTION_MAGIC) throw new Error('Not an NBD option: wrong magic.')
    const option = header.readUInt32BE(8)
    const length = header.readUInt32BE(12)
    if (length > MAX_OPTION_BYTES) throw new Error(`An NBD option of ${length} bytes is longer than ${MAX_OPTION_BYTES}.`)
    const data = await reader.exactly(length)
    const reply = (type: number, payload?: Buffer) => socket.write(encodeOptionReply(option, type, payload))

    if (option === OPTION.ABORT) {
      reply(OPTION_REPLY.ACK)
      return false
    } else if (option === OPTION.LIST) {
      if (length !== 0) reply(OPTION_REPLY.ERR_INVALID)
      else {
        const name = Buffer.from(offered.name)
        const size = Buffer.alloc(4)
        size.writeUInt32BE(name.length)
        reply(OPTION_REPLY.SERVER, Buffer.concat([size, name]))
        reply(OPTION_REPLY.ACK)
      }
    } else if (option === OPTION.EXPORT_NAME) {
      if (!names(offered, data.toString())) return false
      const answer = Buffer.alloc(clientFlags & HANDSHAKE.NO_ZEROES ? 10 : 134)
      answer.writeBigUInt64BE(BigInt(offered.sizeBytes), 0)
      answer.writeUInt16BE(EXPORT_FLAGS, 8)
      socket.write(answer)
      return true
    } else if (option === OPTION.GO || option === OPTION.INFO) {
      const wanted = requestedName(data)
      if (wanted === null) reply(OPTION_REPLY.ERR_INVALID)
      else if (!names(offered, wanted)) reply(OPTION_REPLY.ERR_UNKNOWN)
      else {
        reply(OPTION_REPLY.INFO, exportInfo(offered))
        reply(OPTION_REPLY.INFO, blockSizeInfo())
        reply(OPTION_REPLY.ACK)
        if (option === OPTION.GO) return true
      }
    } else reply(OPTION_REPLY.ERR_UNSUP)
  }
  throw new Error(`The client haggled over more than ${MAX_OPTIONS} options.`)
}

/** The empty name means the default export, which is the only one. */
function names(offered: Export, wanted: string): boolean {
  return wanted === '' || wanted === offered.name
}

/** The export's name out of a GO or INFO option; null when the lengths inside do not add up. */
function requestedName(data: Buffer): string | null {
  if (data.length < 6) return null
  const nameLength = data.readUInt32BE(0)
  if (nameLength > data.length - 6) return null
  const requests = data.readUInt16BE(4 + nameLength)
  return data.length === 6 + nameLength + 2 * requests ? data.subarray(4, 4 + nameLength).toString() : null
}

function exportInfo(offered: Export): Buffer {
  const info = Buffer.alloc(12)
  info.writeUInt16BE(INFO.EXPORT, 0)
  info.writeBigUInt64BE(BigInt(offered.sizeBytes), 2)
  info.writeUInt16BE(EXPORT_FLAGS, 10)
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
