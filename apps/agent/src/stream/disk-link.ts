import { answerFrom } from './answer-from.ts'
import type { Connection } from './connection.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeHello } from './frames.ts'
import type { Credentials } from './identity.ts'
import { demandProof, proofOf } from './proof.ts'
import type { Pairing } from './proof.ts'
import { MAX_FRAME_BYTES_BEFORE_HELLO, STREAM_VERSION, StreamError } from './protocol.ts'
import { reach } from './reach.ts'
import type { LinkTarget } from './reach.ts'
import { DiskLink, unexpected } from './source-link.ts'

export { DiskLink }
export type { LinkTarget }

/** From HELLO to its answer; a target that needs longer is taken for unreachable. */
const HELLO_TIMEOUT_MS = 10_000

export interface LinkDisk {
  migrationId: string
  diskKey: string
  sizeBytes: number
}

/**
 * Connects to the target agent and introduces the disk. Rejects with `StreamError`:
 * TARGET_UNREACHABLE, TARGET_NOT_TRUSTED (its certificate is not the wanted agent's), or the target's own refusal.
 * From `lanesFromMs` of round trip on over several connections (a default of `reach`).
 */
export async function openLink(target: LinkTarget, disk: LinkDisk, credentials: Credentials, signal: AbortSignal, lanesFromMs?: number): Promise<DiskLink> {
  return introduce(await reach(target, credentials, signal, lanesFromMs), target, disk, signal, target.pairing ?? null)
}

/**
 * Says HELLO on a connection that is ready, and waits for the answer. In the product it is TLS; a measurement may bring a
 * plain socket. With a `pairing` both ends prove that they have its key; `back` on a connection on which the source called.
 */
export async function introduce(connection: Connection, target: { host: string; port: number }, disk: LinkDisk, signal: AbortSignal, pairing: Pairing | null = null, back = false): Promise<DiskLink> {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
  connection.on('error', () => {}) // it may have failed already; `answerFrom` finds it so
  const proof = pairing && { proof: proofOf(pairing, back ? 'BACK_HELLO' : 'HELLO', disk, connection) }
  connection.setNoDelay(true)
  return answerFrom(connection, target, signal, HELLO_TIMEOUT_MS, (resolve, reject) => {
    const receive = (chunk: Buffer) => {
      try {
        for (const { message } of decoder.push(chunk)) {
          if (message.type === 'HELLO_OK') {
            demandProof(pairing, back ? 'BACK_HELLO_OK' : 'HELLO_OK', disk, message.ok.proof, connection)
            return resolve(new DiskLink(connection, decoder, message.ok))
          }
          throw message.type === 'ERROR' ? new StreamError(message.refusal.code, message.refusal.message) : unexpected(message)
        }
      } catch (error) {
        reject(error)
      }
    }
    connection.on('data', receive)
    connection.resume()
    connection.write(encodeHello({ version: STREAM_VERSION, ...disk, ...proof }))
    return () => connection.off('data', receive)
  })
}
