/**
 * A stream's own key (`streamKey` of the desired state) belongs to one migration and its two agents. Inside the TLS connection,
 * which proves who the other end is, each side shows that it has this key for this disk, in its first word:
 *
 *   HELLO by the source, HELLO_OK by the target; on the way back CALL by the source, BACK_HELLO by the target, BACK_HELLO_OK by the source.
 *
 * A proof is an HMAC-SHA256 over that word, the disk, both agents, and what TLS alone knows of this one connection (RFC 5705, RFC
 * 8446 7.5): shown on another connection it is worth nothing, so nobody need remember which were used.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import { Bundle } from './bundle.ts'
import type { Connection } from './connection.ts'
import { StreamError } from './protocol.ts'

const EXPORTER_LABEL = 'EXPORTER-driftless-stream'
const EXPORTER_BYTES = 32

/** The two ends of one migration's stream, and the key that only they are given (32 bytes, base64). */
export interface Pairing {
  readonly key: string
  readonly sourceAgentId: string
  readonly targetAgentId: string
}

export type ProofWord = 'HELLO' | 'HELLO_OK' | 'CALL' | 'BACK_HELLO' | 'BACK_HELLO_OK' | 'PROBE' | 'PROBE_OK'
export interface ProvenDisk {
  readonly migrationId: string
  readonly diskKey: string
  readonly sizeBytes: number
}

/** The proof that goes with this word on this connection: 64 hex digits. Throws `StreamError` when the connection is gone. */
export function proofOf({ key, sourceAgentId, targetAgentId }: Pairing, word: ProofWord, { migrationId, diskKey, sizeBytes }: ProvenDisk, connection: Connection): string {
  const said = JSON.stringify([word, migrationId, diskKey, sizeBytes, sourceAgentId, targetAgentId])
  return createHmac('sha256', Buffer.from(key, 'base64')).update(said).update(bindingOf(connection)).digest('hex')
}

/** Throws `StreamError` NOT_PROVEN unless the other end has shown that it has the key. Without a pairing nothing is asked for. */
export function demandProof(pairing: Pairing | null, word: ProofWord, disk: ProvenDisk, shown: string | undefined, connection: Connection): void {
  if (pairing === null) return
  const wanted = Buffer.from(proofOf(pairing, word, disk, connection))
  const found = Buffer.from(shown ?? '')
  if (found.length === wanted.length && timingSafeEqual(found, wanted)) return
  throw new StreamError('NOT_PROVEN', `The other agent has not shown that it has the key of migration "${disk.migrationId}" (${shown === undefined ? 'it showed none' : 'what it showed does not fit'}). Both are told the key by the gateway, within seconds of one another; if it lasts, check that both reach it and run the same version.`)
}

/** Several connections that act as one are bound by their first; a plain socket, of a measurement, by nothing. */
function bindingOf(connection: Connection): Buffer {
  const first = connection instanceof Bundle ? connection.first : connection
  if (!(first instanceof TLSSocket)) return Buffer.alloc(0)
  try {
    return first.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0))
  } catch {
    throw new StreamError('CONNECTION_LOST', 'The connection was closed before the other end could prove itself.')
  }
}
