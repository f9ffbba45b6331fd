import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import type { BlockDevice } from './block-device.ts'
import { clientHandshake } from './client-handshake.ts'
import { BlockError, errorFromNumber } from './errors.ts'
import { COMMAND, SIMPLE_REPLY_MAGIC, encodeRequest } from './protocol.ts'
import { socketReader } from './socket-reader.ts'

/** Between two tries to connect: quick at first, for a restart; never slower than this, for a guest that waits. */
const FIRST_RETRY_MS = 20
const SLOWEST_RETRY_MS = 250

export type NbdClientOptions = {
  readonly socketPath: string
  readonly exportName: string
  /** How long to look for the server, at first and after a break, before requests fail with ESHUTDOWN. */
  readonly reconnect: { readonly forSeconds: number }
  /** Told whenever a connection broke and when it is back. */
  readonly onLink?: (up: boolean) => void
}
export type NbdClient = BlockDevice

type Waiting = { readonly header: Buffer; readonly payload: Buffer | null; readonly into: Buffer | null; readonly what: string; readonly resolve: () => void; readonly reject: (error: Error) => void }

/**
 * Connects to an export and keeps the connection: when it breaks, every request that was not
 * answered is sent again, in order, on the next one, and the caller sees only a stall. All requests
 * can be repeated without harm. Writes that were answered but not flushed are the server's page
 * cache's: they survive its process, though not its machine, just as with a local disk.
 */
export async function connectNbd(options: NbdClientOptions): Promise<NbdClient> {
  const waiting = new Map<bigint, Waiting>()
  let socket: Socket | null = null
  let closed = false
  let handle = 0n

  const fail = (error: Error) => {
    for (const request of waiting.values()) request.reject(error)
    waiting.clear()
  }

  async function open(): Promise<{ socket: Socket; sizeBytes: number }> {
    const deadline = Date.now() + options.reconnect.forSeconds * 1000
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, SLOWEST_RETRY_MS)) {
      const candidate = createConnection(options.socketPath)
      candidate.on('error', () => candidate.destroy())
      try {
        const reader = socketReader(candidate)
        const sizeBytes = await clientHandshake(candidate, reader, options.exportName)
        void receive(candidate, reader)
        return { socket: candidate, sizeBytes }
      } catch (error) {
        candidate.destroy()
        if (closed) throw new BlockError('ESHUTDOWN', 'The NBD client was closed.')
        if (Date.now() >= deadline) throw new BlockError('ESHUTDOWN', `No NBD server at ${options.socketPath} for ${options.reconnect.forSeconds} s: ${error instanceof Error ? error.message : String(error)}`)
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }

  async function receive(from: Socket, reader: ReturnType<typeof socketReader>): Promise<void> {
    try {
      for (;;) {
        const header = await reader.exactly(16)
        if (header.readUInt32BE(0) !== SIMPLE_REPLY_MAGIC) throw new Error('Not an NBD reply: wrong magic.')
        const error = header.readUInt32BE(4)
        const key = header.readBigUInt64BE(8)
        const request = waiting.get(key)
        if (!request) throw new Error('The NBD server answered a request that nobody made.')
        if (error === 0 && request.into) (await reader.exactly(request.into.length)).copy(request.into)
        waiting.delete(key)
        if (error === 0) request.resolve()
        else request.reject(errorFromNumber(error, request.what))
      }
    } catch {
      from.destroy()
      if (socket !== from || closed) return
      socket = null
      options.onLink?.(false)
      await reopen()
    }
  }

  async function reopen(): Promise<void> {
    try {
      const next = await open()
      socket = next.socket
      if (next.sizeBytes !== sizeBytes) throw new BlockError('EIO', `The export ${options.exportName} changed its size from ${sizeBytes} to ${next.sizeBytes} bytes.`)
      for (const request of waiting.values()) send(request)
      options.onLink?.(true)
    } catch (error) {
      closed = true
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  function send(request: Waiting): void {
    if (!socket) return
    socket.write(request.header)
    if (request.payload) socket.write(request.payload)
  }

  function ask(command: number, offset: number, length: number, payload: Buffer | null, into: Buffer | null, what: string): Promise<void> {
    if (closed) return Promise.reject(new BlockError('ESHUTDOWN', 'The NBD client was closed.'))
    handle += 1n
    const key = handle
    return new Promise((resolve, reject) => {
      const request: Waiting = { header: encodeRequest({ flags: 0, command, handle: key, offset, length }), payload, into, what, resolve, reject }
      waiting.set(key, request)
      send(request)
    })
  }

  const first = await open()
  socket = first.socket
  const sizeBytes = first.sizeBytes
  options.onLink?.(true)

  return {
    sizeBytes,
    read: (offset, into) => ask(COMMAND.READ, offset, into.length, null, into, `Reading ${into.length} bytes at ${offset}`),
    write: (offset, data) => ask(COMMAND.WRITE, offset, data.length, data, null, `Writing ${data.length} bytes at ${offset}`),
    flush: () => ask(COMMAND.FLUSH, 0, 0, null, null, 'Flushing'),
    writeZeroes: (offset, length) => ask(COMMAND.WRITE_ZEROES, offset, length, null, null, `Zeroing ${length} bytes at ${offset}`),
    async close() {
      closed = true
      const last = socket
      socket = null
      fail(new BlockError('ESHUTDOWN', 'The NBD client was closed.'))
      if (!last) return
      await new Promise<void>((resolve) => {
        last.once('close', () => resolve())
        last.end(encodeRequest({ flags: 0, command: COMMAND.DISC, handle: 0n, offset: 0, length: 0 }))
        last.destroySoon()
      })
    },
  }
}
