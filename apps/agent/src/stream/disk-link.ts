import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeHello } from './frames.ts'
import { tlsSettings } from './identity.ts'
import type { Credentials } from './identity.ts'
import { MAX_FRAME_BYTES_BEFORE_HELLO, STREAM_VERSION, StreamError } from './protocol.ts'
import { DiskLink, asError, unexpected } from './source-link.ts'

export { DiskLink }

/** Connecting, TLS and HELLO together; a target that needs longer is taken for unreachable. */
const OPEN_TIMEOUT_MS = 10_000

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

/**
 * Connects to the target agent and introduces the disk. Rejects with `StreamError`:
 * TARGET_UNREACHABLE, TARGET_NOT_TRUSTED (its certificate is not the wanted agent's), or the target's own refusal.
 */
export function openLink(target: LinkTarget, disk: LinkDisk, credentials: Credentials, signal: AbortSignal): Promise<DiskLink> {
  return introduce(dial(target, credentials), 'secureConnect', target, disk, signal)
}

/** A connection under way to the target agent, and to no other. */
export function dial(target: LinkTarget, credentials: Credentials): TLSSocket {
  return connect({
    ...tlsSettings(credentials),
    host: target.host,
    port: target.port,
    checkServerIdentity: (_host, certificate) =>
      certificate.subject?.CN === target.agentId
        ? undefined
        : new StreamError('TARGET_NOT_TRUSTED', `${target.host}:${target.port} presented the certificate of "${String(certificate.subject?.CN)}", not of target agent "${target.agentId}". Check the target agent's stream address.`),
  })
}

/**
 * Says HELLO on a socket once it is ready (its event of that name, or now) and waits for the answer. In the product `openLink`
 * calls it, with TLS; a measurement may bring a plain socket.
 */
export function introduce(socket: Socket, ready: 'connect' | 'secureConnect' | 'now', target: { host: string; port: number }, disk: LinkDisk, signal: AbortSignal): Promise<DiskLink> {
  return new Promise((resolve, reject) => {
    const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
    const timer = setTimeout(() => finish(unreachable(target, `no answer within ${OPEN_TIMEOUT_MS / 1000} s`)), OPEN_TIMEOUT_MS)
    const abort = () => finish(asError(signal.reason))
    const finish = (result: Error | DiskLink) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      detach()
      if (result instanceof Error) {
        socket.on('error', () => {}) // what it says after it was given up on tells nothing more
        socket.destroy()
        reject(result)
      } else resolve(result)
    }
    const receive = (chunk: Buffer) => {
      try {
        for (const { message } of decoder.push(chunk)) {
          if (message.type === 'HELLO_OK') return finish(new DiskLink(socket, decoder, message.ok))
          if (message.type === 'ERROR') return finish(new StreamError(message.refusal.code, message.refusal.message))
          return finish(unexpected(message))
        }
      } catch (error) {
        finish(asError(error))
      }
    }
    const failed = (error: Error) => finish(error instanceof StreamError ? error : unreachable(target, error.message))
    const ended = () => finish(unreachable(target, 'it closed the connection'))
    const hello = () => socket.write(encodeHello({ version: STREAM_VERSION, ...disk }))
    // Only these are taken off again: TLS has listeners of its own on the socket.
    const detach = () => {
      socket.off('error', failed).off('end', ended).off('close', ended).off('data', receive)
      if (ready !== 'now') socket.off(ready, hello)
    }
    socket.on('error', failed).on('end', ended).on('close', ended).on('data', receive)
    if (ready === 'now') hello()
    else socket.on(ready, hello)
    socket.resume()
    socket.setNoDelay(true)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
  })
}

export const unreachable = (target: { host: string; port: number }, why: string): StreamError =>
  new StreamError('TARGET_UNREACHABLE', `The target agent at ${target.host}:${target.port} cannot be reached: ${why}. Check that it runs and that a firewall lets this agent's connection through.`)
