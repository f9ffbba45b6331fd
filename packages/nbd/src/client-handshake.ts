import type { Socket } from 'node:net'
import type { SocketReader } from './socket-reader.ts'
import { HANDSHAKE, INFO, MAX_OPTIONS, MAX_OPTION_BYTES, NBD_MAGIC, OPTION, OPTION_MAGIC, OPTION_REPLY, OPTION_REPLY_MAGIC } from './protocol.ts'

/** Opens an export by GO and resolves to its size in bytes; throws when the server is not NBD or has no such export. */
export async function clientHandshake(socket: Socket, reader: SocketReader, exportName: string): Promise<number> {
  const greeting = await reader.exactly(18)
  if (greeting.readBigUInt64BE(0) !== NBD_MAGIC || greeting.readBigUInt64BE(8) !== OPTION_MAGIC) throw new Error('Not an NBD server: wrong magic.')
  if (!(greeting.readUInt16BE(16) & HANDSHAKE.FIXED_NEWSTYLE)) throw new Error('The NBD server does not speak fixed newstyle.')
  const name = Buffer.from(exportName)
  const go = Buffer.alloc(4 + 16 + 6 + name.length)
  go.writeUInt32BE(HANDSHAKE.FIXED_NEWSTYLE | HANDSHAKE.NO_ZEROES, 0)
  go.writeBigUInt64BE(OPTION_MAGIC, 4)
  go.writeUInt32BE(OPTION.GO, 12)
  go.writeUInt32BE(6 + name.length, 16)
  go.writeUInt32BE(name.length, 20)
  name.copy(go, 24)
  socket.write(go)

  let sizeBytes: number | null = null
  for (let replies = 0; replies < MAX_OPTIONS; replies += 1) {
    const header = await reader.exactly(20)
    if (header.readBigUInt64BE(0) !== OPTION_REPLY_MAGIC) throw new Error('Not an NBD option reply: wrong magic.')
    const type = header.readUInt32BE(12)
    const length = header.readUInt32BE(16)
    if (length > MAX_OPTION_BYTES) throw new Error(`An NBD option reply of ${length} bytes is too long.`)
    const data = await reader.exactly(length)
    if (type === OPTION_REPLY.INFO && length >= 12 && data.readUInt16BE(0) === INFO.EXPORT) sizeBytes = Number(data.readBigUInt64BE(2))
    else if (type === OPTION_REPLY.ACK) {
      if (sizeBytes === null) throw new Error('The NBD server did not tell the size of its export.')
      return sizeBytes
    } else if (type >= 0x80000000) throw new Error(`The NBD server refused export ${exportName} (${type.toString(16)}).`)
  }
  throw new Error('The NBD server never came to an end of its replies.')
}
