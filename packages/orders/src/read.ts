import { createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { order } from './order.ts'
import type { Order, SignedOrder } from './order.ts'
import { planHash } from './plan-hash.ts'
import { signedBytes } from './signed-bytes.ts'

/** The order, or what is wrong with it, as the end of a sentence that begins with "the order". */
export type ReadOrder = { readonly order: Order } | { readonly fault: string }

/**
 * The order behind a text and its signature, by the public key (Ed25519, SPKI in DER, base64) that is trusted. Nothing of it is
 * looked at before the signature holds. Times are the caller's to judge.
 */
export function readOrder(signed: SignedOrder, publicKey: string): ReadOrder {
  const key = keyOf(publicKey)
  if (key === null) return { fault: 'cannot be checked: the key to check it by is no Ed25519 key' }
  if (!verify(null, signedBytes(signed.payload), key, Buffer.from(signed.signature, 'base64'))) return { fault: 'is not signed by the portal’s key' }
  const parsed = order.safeParse(parseJson(signed.payload))
  if (!parsed.success) return { fault: 'is written in a way that this version does not know' }
  if (parsed.data.kind === 'CUTOVER' && planHash(parsed.data.plan) !== parsed.data.planHash) return { fault: 'names another plan than the one whose hash it carries' }
  return { order: parsed.data }
}

function keyOf(publicKey: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    return null
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
