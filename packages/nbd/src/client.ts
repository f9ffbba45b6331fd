import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import type { BlockDevice, Extent } from './block-device.ts'
import { clientHandshake } from './client-handshake.ts'
import type { Agreement } from './client-handshake.ts'
import { BlockError, errorFromNumber } from './errors.ts'
import { ALLOCATION, BASE_ALLOCATION, COMMAND, TRANSMISSION, encodeRequest } from './protocol.ts'
import { ReplyDecoder } from './reply-decoder.ts'
import type { AwaitedReply, StatusExtent } from './reply-decoder.ts'
import { MAX_RANGE_BYTES, clipped, merged } from './status-extents.ts'
import type { NbdTls } from './tls.ts'

/** Between two tries to connect: quick at first, for a restart; never slower than this, for a guest that waits. */
const FIRST_RETRY_MS = 20
const SLOWEST_RETRY_MS = 250
/** A server that does not come to the end of its handshake within this time is hung up on, and tried again. */
const HANDSHAKE_LIMIT_MS = 10_000

/** Where a server listens: a unix socket, or TCP. */
export type NbdAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number }

export type NbdClientOptions = NbdAddress & {
  readonly exportName: string
  /** How long to look for the server, at first and after a break, before requests fail with ESHUTDOWN. */
  readonly reconnect: { readonly forSeconds: number }
  /** Told whenever a connection broke and when it is back. */
  readonly onLink?: (up: boolean) => void
  /** Insist on TLS 1.3, both sides authenticated. */
  readonly tls?: NbdTls
  /** Meta contexts to agree on, e.g. `qemu:dirty-bitmap:NAME`; `base:allocation` alone by default. */
  readonly metaContexts?: readonly string[]
}

/** A served disk. `extents` is there when the server has `base:allocation`. */
export type NbdClient = BlockDevice & {
  readonly readOnly: boolean
  /** The meta contexts agreed on. */
  readonly contexts: ReadonlySet<string>
  /**
   * The extents of a range in one meta context, in order, covering exactly the range; neighbours of equal flags
   * are one. Rejects with ENOTSUP when the context was not agreed on. The answer's memory grows with the number
   * of extents: ask for a disk in parts.
   */
  blockStatus(context: string, offset: number, length: number): Promise<StatusExtent[]>
}

type Waiting = AwaitedReply & { readonly header: Buffer; readonly payload: Buffer | null; readonly what: string; readonly resolve: () => void; readonly reject: (error: Error) => void }
type Ask = { command: number; offset: number; length: number; payload?: Buffer; into?: Buffer; onStatus?: (contextId: number, extents: StatusExtent[]) => void; what: string }

/**
 * Connects to an export and keeps the connection: when it breaks, every request that was not
 * answered is sent again, in order, on the next one, and the caller sees only a stall. All requests
 * can be repeated without harm. Writes that were answered but not flushed are the server's page
 * cache's: they survive its process, though not its machine, just as with a local disk.
 */
export async function connectNbd(options: NbdClientOptions): Promise<NbdClient> {
  const where = 'socketPath' in options ? options.socketPath : `${options.host}:${options.port}`
  const waiting = new Map<number, Waiting>()
  let link: Agreement | null = null
  let closed = false
  let lastCookie = 0

  const fail = (error: Error) => {
    for (const request of waiting.values()) request.reject(error)
    waiting.clear()
  }

  async function open(): Promise<Agreement> {
    const deadline = Date.now() + options.reconnect.forSeconds * 1000
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, SLOWEST_RETRY_MS)) {
      const candidate = createConnection('socketPath' in options ? { path: options.socketPath } : { host: options.host, port: options.port, noDelay: true })
      candidate.on('error', () => candidate.destroy())
      const limit = setTimeout(() => candidate.destroy(), HANDSHAKE_LIMIT_MS)
      try {
        const agreed = await clientHandshake(candidate, { exportName: options.exportName, contexts: options.metaContexts ?? [BASE_ALLOCATION], tls: options.tls })
        receive(agreed)
        return agreed
      } catch (error) {
        candidate.destroy()
        if (closed) throw new BlockError('ESHUTDOWN', 'The NBD client was closed.')
        if (Date.now() >= deadline) throw new BlockError('ESHUTDOWN', `No NBD server at ${where} for ${options.reconnect.forSeconds} s: ${error instanceof Error ? error.message : String(error)}`)
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      } finally {
        clearTimeout(limit)
      }
    }
  }

  function receive(from: Agreement): void {
    const decoder = new ReplyDecoder(
      {
        find: (high, low) => waiting.get(high * 0x1_0000_0000 + low),
        done: (high, low, error) => {
          const cookie = high * 0x1_0000_0000 + low
          const request = waiting.get(cookie)
          waiting.delete(cookie)
          if (error === 0) request?.resolve()
          else request?.reject(errorFromNumber(error, request.what))
        },
      },
      from.structured,
    )
    from.socket.on('data', (bytes: Buffer) => {
      try {
        if (!from.socket.destroyed) decoder.feed(bytes)
      } catch {
        from.socket.destroy()
      }
    })
    from.socket.on('error', () => from.socket.destroy())
    from.socket.on('end', () => from.socket.destroy())
    from.socket.once('close', () => void lost(from))
    from.socket.resume()
  }

  async function lost(from: Agreement): Promise<void> {
    if (link !== from || closed) return
    link = null
    options.onLink?.(false)
    try {
      const next = await open()
      if (closed) return void next.socket.destroy()
      link = next
      if (next.sizeBytes !== sizeBytes) throw new BlockError('EIO', `The export ${options.exportName} changed its size from ${sizeBytes} to ${next.sizeBytes} bytes.`)
      for (const request of waiting.values()) {
        request.received = 0
        request.error = 0
        send(request)
      }
      options.onLink?.(true)
      if (next.socket.destroyed) void lost(next)
    } catch (error) {
      closed = true
      link?.socket.destroy()
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  function send(request: Waiting): void {
    if (!link) return
    link.socket.cork()
    link.socket.write(request.header)
    if (request.payload) link.socket.write(request.payload)
    link.socket.uncork()
  }

  function ask({ command, offset, length, payload, into, onStatus, what }: Ask): Promise<void> {
    if (closed) return Promise.reject(new BlockError('ESHUTDOWN', 'The NBD client was closed.'))
    lastCookie += 1
    const cookie = lastCookie
    const header = encodeRequest({ flags: 0, command, cookieHigh: Math.floor(cookie / 0x1_0000_0000), cookieLow: cookie % 0x1_0000_0000, offset, length })
    return new Promise((resolve, reject) => {
      const request: Waiting = { header, payload: payload ?? null, into: into ?? null, onStatus: onStatus ?? null, offset, received: 0, error: 0, what, resolve, reject }
      waiting.set(cookie, request)
      send(request)
    })
  }

  /** Splits what is longer than the server takes. */
  async function inParts(length: number, part: (from: number, to: number) => Promise<void>): Promise<void> {
    const most = link?.maxPayloadBytes ?? first.maxPayloadBytes
    if (length <= most) return part(0, length)
    for (let at = 0; at < length; at += most) await part(at, Math.min(at + most, length))
  }

  async function blockStatus(context: string, offset: number, length: number): Promise<StatusExtent[]> {
    if (!contexts.has(context)) throw new BlockError('ENOTSUP', `The NBD server at ${where} does not offer ${context} for ${options.exportName}.`)
    const found: StatusExtent[] = []
    for (let at = offset; at < offset + length; ) {
      const asked = Math.min(offset + length - at, MAX_RANGE_BYTES)
      let answer: StatusExtent[] | null = null
      await ask({
        command: COMMAND.BLOCK_STATUS, offset: at, length: asked, what: `Asking for ${context} of ${asked} bytes at ${at}`,
        onStatus: (contextId, extents) => {
          if (link?.contexts.get(contextId) === context) answer = clipped(extents, asked)
        },
      })
      const extents: StatusExtent[] = answer ?? []
      if (extents.length === 0) throw new BlockError('EIO', `The NBD server at ${where} said nothing of ${context} at ${at}.`)
      for (const extent of extents) {
        found.push(extent)
        at += extent.length
      }
    }
    return merged(found)
  }

  const first = await open()
  link = first
  const { sizeBytes } = first
  const contexts = new Set(first.contexts.values())
  options.onLink?.(true)
  if (first.socket.destroyed) void lost(first)

  const readOnly = (first.flags & TRANSMISSION.READ_ONLY) !== 0
  const offers = (flag: number) => (first.flags & flag) !== 0
  const extents = async (offset: number, length: number): Promise<Extent[]> =>
    (await blockStatus(BASE_ALLOCATION, offset, length)).map((extent) => ({ length: extent.length, zero: (extent.flags & ALLOCATION.ZERO) !== 0 }))

  return {
    sizeBytes,
    readOnly,
    contexts,
    blockStatus,
    ...(contexts.has(BASE_ALLOCATION) ? { extents } : {}),
    read: (offset, into) => inParts(into.length, (from, to) => ask({ command: COMMAND.READ, offset: offset + from, length: to - from, into: into.subarray(from, to), what: `Reading ${to - from} bytes at ${offset + from}` })),
    write: (offset, data) => inParts(data.length, (from, to) => ask({ command: COMMAND.WRITE, offset: offset + from, length: to - from, payload: data.subarray(from, to), what: `Writing ${to - from} bytes at ${offset + from}` })),
    flush: async () => {
      if (offers(TRANSMISSION.SEND_FLUSH)) return ask({ command: COMMAND.FLUSH, offset: 0, length: 0, what: 'Flushing' })
      if (!readOnly) throw new BlockError('ENOTSUP', `The NBD server at ${where} cannot flush: nothing written to it can be made durable.`)
    },
    async writeZeroes(offset, length) {
      for (let at = offset; at < offset + length; at += MAX_RANGE_BYTES) {
        const part = Math.min(offset + length - at, MAX_RANGE_BYTES)
        await ask({ command: COMMAND.WRITE_ZEROES, offset: at, length: part, what: `Zeroing ${part} bytes at ${at}` })
      }
    },
    async close() {
      closed = true
      const last: Socket | undefined = link?.socket
      link = null
      fail(new BlockError('ESHUTDOWN', 'The NBD client was closed.'))
      if (!last || last.destroyed) return
      await new Promise<void>((resolve) => {
        last.once('close', () => resolve())
        last.end(encodeRequest({ flags: 0, command: COMMAND.DISC, cookieHigh: 0, cookieLow: 0, offset: 0, length: 0 }))
        last.destroySoon()
      })
    },
  }
}
