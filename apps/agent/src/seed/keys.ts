import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { SeedKeys } from '@driftless/agent-api'
import { readState, writeState } from '../state-file.ts'

/** PKCS#8 in DER, base64. */
const privateKey = z.base64().max(400)
const kept = z.object({ recipient: privateKey, signer: privateKey })

/** The keys an agent keeps for seeds; the private halves are used here and nowhere else. */
export interface SeedKeyring {
  readonly public: SeedKeys
  /** The secret that this agent's X25519 key shares with another's. Throws when `other` is no such key. */
  agree(other: string): Buffer
  /** Ed25519, base64. */
  sign(bytes: Buffer): Promise<string>
}

/** The agent's keys, made at the first start; in its data directory, for its own eyes (0600). Rejects when the file is damaged. */
export async function openSeedKeys(dataDirectory: string): Promise<SeedKeyring> {
  const path = join(dataDirectory, 'seed-keys.json')
  const known = await readState(path, kept, 'Move it away; the agent makes new keys, and seeds that were encrypted to the old ones are exported anew.')
  if (known !== null) return keyringOf(known)
  const made = { recipient: pkcs8(generateKeyPairSync('x25519').privateKey), signer: pkcs8(generateKeyPairSync('ed25519').privateKey) }
  await writeState(path, made)
  return keyringOf(made)
}

function keyringOf(keys: z.infer<typeof kept>): SeedKeyring {
  const recipient = privateOf(keys.recipient, 'x25519')
  const signer = privateOf(keys.signer, 'ed25519')
  return {
    public: { recipient: spki(createPublicKey(recipient)), signer: spki(createPublicKey(signer)) },
    agree: (other) => diffieHellman({ privateKey: recipient, publicKey: publicOf(other, 'x25519') }),
    sign: (bytes) => new Promise((resolve, reject) => sign(null, bytes, signer, (error, signature) => (error === null ? resolve(signature.toString('base64')) : reject(error)))),
  }
}

/** Whether `signature` (Ed25519, base64) is `signer`'s over these bytes. False too when the key is none. */
export async function isSignedBy(signer: string, bytes: Buffer, signature: string): Promise<boolean> {
  try {
    const key = publicOf(signer, 'ed25519')
    return await new Promise((resolve) => verify(null, bytes, key, Buffer.from(signature, 'base64'), (error, holds) => resolve(error === null && holds)))
  } catch {
    return false
  }
}

/** A public key from SPKI in DER, base64. Throws when it is of another kind. */
export function publicOf(text: string, kind: 'x25519' | 'ed25519'): KeyObject {
  return demandKind(createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' }), kind)
}

/** SPKI in DER, base64. */
export const spki = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64')

const pkcs8 = (key: KeyObject): string => key.export({ format: 'der', type: 'pkcs8' }).toString('base64')

const privateOf = (text: string, kind: 'x25519' | 'ed25519'): KeyObject =>
  demandKind(createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' }), kind)

function demandKind(key: KeyObject, kind: 'x25519' | 'ed25519'): KeyObject {
  if (key.asymmetricKeyType !== kind) throw new Error(`A key for seeds is ${key.asymmetricKeyType ?? 'of no known kind'}, and should be ${kind}.`)
  return key
}
