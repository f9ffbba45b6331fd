import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import {
  FrameDecoder, encodeFlush, encodeHashesRequest, encodeHello, encodePoint, encodeWriteHead, encodeZero,
} from './frames.ts'
import type { Message } from './frames.ts'
import { tlsSettings } from './identity.ts'
import type { Credentials } from './identity.ts'
import { MAX_FRAME_BYTES_BEFORE_HELLO, STREAM_VERSION, StreamError } from './protocol.ts'
import type { HelloOk } from './protocol.ts'

/** Connecting, TLS and HELLO together; a target that needs longer is taken for unreachable. */
const OPEN_TIMEOUT_MS = 10_000

/** A flush may queue behind what a slow link still carries; after this the link is taken for dead. */
const ANSWER_TIMEOUT_MS = 120_000

/** Data handed to the socket and not yet taken by the kernel: enough to keep it busy, little to drain. */
const MAX_BUFFERED_BYTES = 2 * 1024 * 1024

/** Smaller pieces are sent as they are: the head would cost more than is saved. */
const MIN_COMPRESS_BYTES = 2048

/** After data that did not shrink, this many writes go uncompressed before it is tried again. */
const COMPRESS_BACKOFF_WRITES = 15

const compress = promisify(zstdCompress)

export interface LinkTarget {
  host: string
  port: number
  /** The certificate the other end must present carries this as its CN. */
  agentId: string
}

export interface LinkDisk {
  migrationId: string
  diskKey: string
  sizeBytes: number
}

interface Waiter {
  resolve: (message: Message) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

/** The source's end of one disk's stream. Made by `openLink`; after a failure every call rejects with its cause. */
export class DiskLink {
  readonly ok: HelloOk
  readonly #socket: TLSSocket
  readonly #waiters = new Map<number, Waiter>()
  readonly #closed = new AbortController()
  #nextId = 1
  #failure: Error | null = null
  #skipCompress = 0

  constructor(socket: TLSSocket, decoder: FrameDecoder, ok: HelloOk) {
    this.#socket = socket
    this.ok = ok
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const message of decoder.push(chunk)) this.#receive(message)
      } catch (error) {
        this.#fail(asError(error))
      }
    })
    socket.on('error', (error) => this.#fail(error))
    for (const event of ['end', 'close']) socket.on(event, () => this.#fail(new StreamError('CONNECTION_LOST', 'The target closed the connection.')))
  }

  /** Aborts, with the cause as its reason, when the link has failed or was closed. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** Bytes handed to the network so far, TLS included. */
  get wireBytes(): number {
    return this.#socket.bytesWritten
  }

  /**
   * Sends `data` for `offset`; `before` is asked with the number of wire bytes and delays the sending (rate caps).
   * `data` may be reused once `beforeReuse` of the buffer's owner says so: the socket keeps a reference until `sent` is called.
   */
  async write(offset: number, data: Buffer, tryCompress: boolean, before: (bytes: number) => Promise<void>, sent: () => void): Promise<void> {
    let wire = data
    if (tryCompress && data.length >= MIN_COMPRESS_BYTES) wire = await this.#compressed(data)
    const head = encodeWriteHead(offset, data, wire.length, wire !== data)
    await before(head.length + wire.length)
    this.#throwIfFailed()
    this.#socket.cork()
    this.#socket.write(head)
    this.#socket.write(wire, sent)
    this.#socket.uncork()
    await this.#room()
  }

  async zero(offset: number, length: number): Promise<void> {
    this.#throwIfFailed()
    this.#socket.write(encodeZero(offset, length))
    await this.#room()
  }

  /** Resolves when the target durably holds everything sent before. */
  async flush(): Promise<void> {
    const answer = await this.#ask((id) => encodeFlush(id))
    if (answer.type !== 'FLUSHED') throw unexpected(answer)
  }

  /** BLAKE3 of each 64 KiB piece of the target's range, after everything sent before was applied. */
  async hashes(offset: number, length: number): Promise<Buffer> {
    const answer = await this.#ask((id) => encodeHashesRequest(id, offset, length))
    if (answer.type !== 'HASHES') throw unexpected(answer)
    return answer.hashes
  }

  /** Marks this place in the stream as the VM's `moment`. It is in the stream on return; resolves when the target has come to it. */
  async point(moment: number): Promise<void> {
    const answer = await this.#ask((id) => encodePoint(id, moment))
    if (answer.type !== 'POINTED') throw unexpected(answer)
  }

  /** Ends the connection at once; what was not flushed counts as not sent. */
  close(): void {
    this.#fail(new StreamError('CLOSED', 'The source closed the connection.'))
  }

  async #compressed(data: Buffer): Promise<Buffer> {
    if (this.#skipCompress > 0) {
      this.#skipCompress -= 1
      return data
    }
    const small = await compress(data, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
    if (small.length < data.length * 0.9) return small
    this.#skipCompress = COMPRESS_BACKOFF_WRITES
    return data
  }

  #ask(encode: (id: number) => Buffer): Promise<Message> {
    this.#throwIfFailed()
    const id = this.#nextId
    this.#nextId = (this.#nextId % 0xffff_ffff) + 1
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#fail(new StreamError('TARGET_SILENT', `The target did not answer within ${ANSWER_TIMEOUT_MS / 1000} s. Check the network between the agents and the target's storage.`))
      }, ANSWER_TIMEOUT_MS)
      this.#waiters.set(id, { resolve, reject, timer })
      this.#socket.write(encode(id))
    })
  }

  #receive(message: Message): void {
    if (message.type === 'ERROR') throw new StreamError(message.refusal.code, message.refusal.message)
    if (message.type !== 'FLUSHED' && message.type !== 'HASHES' && message.type !== 'POINTED') throw unexpected(message)
    const waiter = this.#waiters.get(message.id)
    if (waiter === undefined) throw unexpected(message)
    this.#waiters.delete(message.id)
    clearTimeout(waiter.timer)
    waiter.resolve(message)
  }

  async #room(): Promise<void> {
    if (this.#socket.writableLength <= MAX_BUFFERED_BYTES) return
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#socket.off('drain', done)
        this.#closed.signal.removeEventListener('abort', done)
        resolve()
      }
      this.#socket.on('drain', done)
      this.#closed.signal.addEventListener('abort', done)
    })
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure
  }

  #fail(error: Error): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#socket.destroy()
    this.#closed.abort(error)
    for (const waiter of this.#waiters.values()) {
      clearTimeout(waiter.timer)
      waiter.reject(error)
    }
    this.#waiters.clear()
  }
}

const unexpected = (message: Message): StreamError =>
  new StreamError('BROKEN_STREAM', `The target sent ${message.type} where it cannot be. Check that both agents run the same version.`)

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/**
 * Connects to the target agent and introduces the disk. Rejects with `StreamError`:
 * TARGET_UNREACHABLE, TARGET_NOT_TRUSTED (its certificate is not the wanted agent's), or the target's own refusal.
 */
export function openLink(target: LinkTarget, disk: LinkDisk, credentials: Credentials, signal: AbortSignal): Promise<DiskLink> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...tlsSettings(credentials),
      host: target.host,
      port: target.port,
      checkServerIdentity: (_host, certificate) =>
        certificate.subject?.CN === target.agentId
          ? undefined
          : new StreamError('TARGET_NOT_TRUSTED', `${target.host}:${target.port} presented the certificate of "${String(certificate.subject?.CN)}", not of target agent "${target.agentId}". Check the target agent's stream address.`),
    })
    const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
    const timer = setTimeout(() => finish(unreachable(target, `no answer within ${OPEN_TIMEOUT_MS / 1000} s`)), OPEN_TIMEOUT_MS)
    const abort = () => finish(asError(signal.reason))
    const finish = (result: Error | HelloOk) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      detach()
      if (result instanceof Error) {
        socket.on('error', () => {}) // what it says after it was given up on tells nothing more
        socket.destroy()
        reject(result)
      } else resolve(new DiskLink(socket, decoder, result))
    }
    const receive = (chunk: Buffer) => {
      try {
        for (const message of decoder.push(chunk)) {
          if (message.type === 'HELLO_OK') return finish(message.ok)
          if (message.type === 'ERROR') return finish(new StreamError(message.refusal.code, message.refusal.message))
          return finish(unexpected(message))
        }
      } catch (error) {
        finish(asError(error))
      }
    }
    const failed = (error: Error) => finish(error instanceof StreamError ? error : unreachable(target, error.message))
    const ended = () => finish(unreachable(target, 'it closed the connection'))
    const introduce = () => socket.write(encodeHello({ version: STREAM_VERSION, ...disk }))
    // Only these are taken off again: TLS has listeners of its own on the socket.
    const detach = () => socket.off('error', failed).off('end', ended).off('close', ended).off('secureConnect', introduce).off('data', receive)
    socket.on('error', failed).on('end', ended).on('close', ended).on('secureConnect', introduce).on('data', receive)
    socket.setNoDelay(true)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
  })
}

const unreachable = (target: LinkTarget, why: string): StreamError =>
  new StreamError('TARGET_UNREACHABLE', `The target agent at ${target.host}:${target.port} cannot be reached: ${why}. Check that it runs and that a firewall lets this agent's connection through.`)
