import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { HANDSHAKE, OPTION, OPTION_REPLY, OPTION_REPLY_BYTES, SIMPLE_REPLY_BYTES, encodeName, encodeOption, encodeRequest } from '../protocol.ts'
import type { Request } from '../protocol.ts'
import { socketReader } from '../socket-reader.ts'
import type { SocketReader } from '../socket-reader.ts'

/** For tests: speaks NBD word by word, also words that no decent client says. */
export class RawClient {
  readonly socket: Socket
  #reader: SocketReader

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => socket.destroy())
    this.#reader = socketReader(socket)
  }

  /** Connects and exchanges greetings. */
  static async connect(where: { path: string } | { host: string; port: number }): Promise<RawClient> {
    const client = new RawClient(createConnection(where))
    await client.exactly(18)
    const flags = Buffer.alloc(4)
    flags.writeUInt32BE(HANDSHAKE.FIXED_NEWSTYLE | HANDSHAKE.NO_ZEROES)
    client.socket.write(flags)
    return client
  }

  exactly(length: number): Promise<Buffer> {
    return this.#reader.exactly(length)
  }

  /** Sends an option and resolves to the types of the replies to it, in order. */
  async option(option: number, data?: Buffer): Promise<number[]> {
    this.socket.write(encodeOption(option, data))
    const types: number[] = []
    for (;;) {
      const header = await this.exactly(OPTION_REPLY_BYTES)
      const type = header.readUInt32BE(12)
      await this.exactly(header.readUInt32BE(16))
      types.push(type)
      if (type === OPTION_REPLY.ACK || type >= 0x80000000) return types
    }
  }

  go(exportName: string): Promise<number[]> {
    return this.option(OPTION.GO, Buffer.concat([encodeName(exportName), Buffer.alloc(2)]))
  }

  send(request: Partial<Request> & { command: number }, payload?: Buffer): void {
    this.socket.write(encodeRequest({ flags: 0, cookieHigh: 0, cookieLow: 1, offset: 0, length: payload?.length ?? 0, ...request }))
    if (payload) this.socket.write(payload)
  }

  /** The error of the next simple reply; 0 when it says that all went well. */
  async simpleReply(): Promise<number> {
    return (await this.exactly(SIMPLE_REPLY_BYTES)).readUInt32BE(4)
  }

  /** Resolves when the server has hung up. */
  closed(): Promise<void> {
    this.#reader.release()
    this.socket.resume()
    return new Promise((resolve) => (this.socket.destroyed ? resolve() : this.socket.once('close', () => resolve())))
  }
}
