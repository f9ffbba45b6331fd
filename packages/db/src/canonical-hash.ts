import { createHash } from 'node:crypto'
import { canonicalJson } from '@driftless/domain'

/** SHA-256, hex, of a value's canonical JSON: the same for everybody who recomputes it. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
