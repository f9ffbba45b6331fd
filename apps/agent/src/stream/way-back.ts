import type { Socket } from 'node:net'
import { encodeHello } from './frames.ts'
import { dial, introduce, unreachable } from './disk-link.ts'
import type { DiskLink, LinkDisk, LinkTarget } from './disk-link.ts'
import type { Credentials } from './identity.ts'
import { STREAM_VERSION } from './protocol.ts'

/** Connecting and TLS; a target that needs longer is taken for unreachable. */
const CALL_TIMEOUT_MS = 10_000

/** Names what source and target had in common when the shadow VM of this attempt first started. */
export const wayBackEpoch = (attempt: number): string => `way-back-${attempt}`

/**
 * The source's call for the way back: resolves to a connection on which the target is to say HELLO for this disk. Rejects
 * with `StreamError` as `openLink` does.
 */
export function callForWayBack(target: LinkTarget, disk: LinkDisk, credentials: Credentials, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = dial(target, credentials)
    const fail = (why: unknown) => {
      stopWaiting()
      socket.on('error', () => {})
      socket.destroy()
      reject(why)
    }
    const failed = (error: Error) => fail(error.name === 'StreamError' ? error : unreachable(target, error.message))
    const aborted = () => fail(signal.reason)
    const timer = setTimeout(() => fail(unreachable(target, `no answer within ${CALL_TIMEOUT_MS / 1000} s`)), CALL_TIMEOUT_MS)
    const connected = () => {
      stopWaiting()
      socket.write(encodeHello({ version: STREAM_VERSION, ...disk, reverse: true }))
      resolve(socket)
    }
    const stopWaiting = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.off('error', failed).off('secureConnect', connected)
    }
    socket.on('error', failed).on('secureConnect', connected)
    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
  })
}

/** The target's side: calls that have come in, until the disk's sender takes them. The newest counts. */
export class IncomingCalls {
  readonly #calls = new Map<string, Socket>()
  readonly #wanted = new Map<string, () => void>()

  offer(diskKey: string, socket: Socket): void {
    this.#calls.get(diskKey)?.destroy()
    this.#calls.set(diskKey, socket)
    socket.once('close', () => {
      if (this.#calls.get(diskKey) === socket) this.#calls.delete(diskKey)
    })
    this.#wanted.get(diskKey)?.()
  }

  /** Waits for a call, and says HELLO on it. Rejects as `introduce` does, or with the signal's reason. */
  async answer(disk: LinkDisk, signal: AbortSignal): Promise<DiskLink> {
    for (;;) {
      signal.throwIfAborted()
      const socket = this.#calls.get(disk.diskKey)
      if (socket !== undefined) {
        this.#calls.delete(disk.diskKey)
        return introduce(socket, 'now', { host: socket.remoteAddress ?? 'the source', port: socket.remotePort ?? 0 }, disk, signal)
      }
      await new Promise<void>((resolve) => {
        this.#wanted.set(disk.diskKey, resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      this.#wanted.delete(disk.diskKey)
    }
  }

  close(): void {
    for (const socket of this.#calls.values()) socket.destroy()
    this.#calls.clear()
  }
}
