import type { Connection } from './connection.ts'
import { demandProof, proofOf } from './proof.ts'
import type { Pairing } from './proof.ts'

/** A probe is about no disk: what a stream's proof says of one says this instead. */
const NO_DISK = { migrationId: 'a probe of the line', diskKey: '', sizeBytes: 0 }

/** The proof that goes with PROBE or PROBE_OK on this connection. */
export const probeProofOf = (pairing: Pairing, word: 'PROBE' | 'PROBE_OK', connection: Connection): string => proofOf(pairing, word, NO_DISK, connection)

/** Throws `StreamError` NOT_PROVEN unless the other end has the key of probes between the two. */
export const demandProbeProof = (pairing: Pairing, word: 'PROBE' | 'PROBE_OK', shown: string, connection: Connection): void => demandProof(pairing, word, NO_DISK, shown, connection)
