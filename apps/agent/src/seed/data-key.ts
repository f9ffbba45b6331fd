import { createHash, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { seedPublicKey } from '@driftless/agent-api'
import { KEY_BYTES, seal, sealed, unseal } from '@driftless/sealing'
import type { SeedKeyring } from './keys.ts'
import { publicOf, spki } from './keys.ts'

/** What a seed's key is bound to: taken out of one seed it opens no other. */
export interface SeedIdentity {
  readonly seedId: string
  readonly shipmentId: string
  readonly migrationId: string
}

/** A seed's data key, for its recipient alone: AES-256-GCM under a key that ECDH of an X25519 pair made for it (RFC 7748) and HKDF-SHA256 (RFC 5869) give. */
export const wrappedKey = z.object({ ephemeral: seedPublicKey, sealed })
export type WrappedKey = z.infer<typeof wrappedKey>

export const newDataKey = (): Buffer => randomBytes(KEY_BYTES)

/** Wraps a data key to the X25519 key of the target agent (SPKI in DER, base64). Throws when that is none. */
export function wrapKey(dataKey: Buffer, recipient: string, seed: SeedIdentity): WrappedKey {
  const pair = generateKeyPairSync('x25519')
  const ephemeral = spki(pair.publicKey)
  const shared = diffieHellman({ privateKey: pair.privateKey, publicKey: publicOf(recipient, 'x25519') })
  return { ephemeral, sealed: seal(wrappingKey(shared, ephemeral, recipient, seed), dataKey.toString('base64'), contextOf(seed)) }
}

/** The data key; null where it was wrapped to somebody else, or for another seed, or was changed. */
export function unwrapKey(keys: SeedKeyring, wrapped: WrappedKey, seed: SeedIdentity): Buffer | null {
  try {
    const shared = keys.agree(wrapped.ephemeral)
    const text = unseal(wrappingKey(shared, wrapped.ephemeral, keys.public.recipient, seed), wrapped.sealed, contextOf(seed))
    const key = text === null ? null : Buffer.from(text, 'base64')
    return key?.length === KEY_BYTES ? key : null
  } catch {
    return null // not a key at all
  }
}

/** Two keys of one: what encrypts chunks, and what makes their hashes say nothing to whoever finds the device. */
export function chunkKeys(dataKey: Buffer): { cipher: Buffer; hash: Buffer } {
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', dataKey, '', `driftless-seed-1 ${use}`, KEY_BYTES))
  return { cipher: derive('chunks'), hash: derive('hashes') }
}

/** SHA-256 of a public key, in hexadecimal: names a recipient. */
export const fingerprintOf = (publicKey: string): string => createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex')

const contextOf = (seed: SeedIdentity): string => `driftless-seed-1 key ${JSON.stringify([seed.seedId, seed.shipmentId, seed.migrationId])}`

function wrappingKey(shared: Buffer, ephemeral: string, recipient: string, seed: SeedIdentity): Buffer {
  const salt = Buffer.concat([Buffer.from(ephemeral, 'base64'), Buffer.from(recipient, 'base64')])
  return Buffer.from(hkdfSync('sha256', shared, salt, contextOf(seed), KEY_BYTES))
}
