import type { Connection } from './connection.ts'
import { encodeHello } from './frames.ts'
import { introduce } from './disk-link.ts'
import type { DiskLink, LinkDisk, LinkTarget } from './disk-link.ts'
import type { Credentials } from './identity.ts'
import { proofOf } from './proof.ts'
import type { Pairing } from './proof.ts'
import { STREAM_VERSION } from './protocol.ts'
import { reach } from './reach.ts'

/** Names what source and target had in common when the shadow VM of this attempt first started. */
export const wayBackEpoch = (attempt: number): string => `way-back-${attempt}`

/**
 * The source's call for the way back: resolves to a connection on which the target is to say HELLO for this disk. Rejects
 * with `StreamError` as `openLink` does.
 */
export async function callForWayBack(target: LinkTarget, disk: LinkDisk, credentials: Credentials, signal: AbortSignal, lanesFromMs?: number): Promise<Connection> {
  const connection = await reach(target, credentials, signal, lanesFromMs)
  connection.on('error', () => {}) // whoever reads from it is told
  const { pairing } = target
  try {
    connection.write(encodeHello({ version: STREAM_VERSION, ...disk, reverse: true, ...(pairing && { proof: proofOf(pairing, 'CALL', disk, connection) }) }))
  } catch (error) {
    connection.destroy()
    throw error
  }
  return connection
}

/** The target's side: calls that have come in, until the disk's sender takes them. The newest counts. */
export class IncomingCalls {
  readonly #calls = new Map<string, Connection>()
  readonly #wanted = new Map<string, () => void>()

  offer(diskKey: string, socket: Connection): void {
    this.#calls.get(diskKey)?.destroy()
    this.#calls.set(diskKey, socket)
    socket.once('close', () => {
      if (this.#calls.get(diskKey) === socket) this.#calls.delete(diskKey)
    })
    this.#wanted.get(diskKey)?.()
  }

  /** Waits for a call, and says HELLO on it. Rejects as `introduce` does, or with the signal's reason. */
  async answer(disk: LinkDisk, signal: AbortSignal, pairing: Pairing | null = null): Promise<DiskLink> {
    for (;;) {
      signal.throwIfAborted()
      const socket = this.#calls.get(disk.diskKey)
      if (socket !== undefined) {
        this.#calls.delete(disk.diskKey)
        return introduce(socket, { host: socket.remoteAddress ?? 'the source', port: socket.remotePort ?? 0 }, disk, signal, pairing, true)
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
