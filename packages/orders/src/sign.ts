import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { canonicalJson } from '@driftless/domain'
import { ORDER_VERSION, ORDER_VERSION_POWER_OFF, order } from './order.ts'
import type { Order, OrderPlan, SignedOrder } from './order.ts'
import { planHash } from './plan-hash.ts'
import { signedBytes } from './signed-bytes.ts'

type Person = { readonly id: string; readonly name: string }

export type CutoverDecision = {
  readonly id: string
  readonly migrationId: string
  readonly plan: OrderPlan
  readonly waveId: string
  readonly bookingId: string
  readonly decidedBy: Person
  readonly decidedAt: Date
  readonly window: { readonly startsAt: Date; readonly lockoutAt: Date; readonly endsAt: Date }
  readonly expiresAt: Date
  /** A guest that has not shut down after this long is powered off; left out: it is not, ever. */
  readonly powerOffAfterSeconds?: number
}
/** Of a replica that is discarded, or a VM that goes home. */
export type DiscardDecision = {
  readonly id: string
  readonly migrationId: string
  readonly sourceAgentId: string
  readonly targetAgentId: string
  readonly decidedBy: Person
  readonly decidedAt: Date
  readonly expiresAt: Date
}

/** Whoever holds the private key: the portal. `keyId` names the public half (SPKI in DER, base64), for people who look at stored orders. */
export type OrderSigner = {
  readonly keyId: string
  readonly publicKey: string
  readonly cutover: (decision: CutoverDecision) => SignedOrder
  readonly discard: (decision: DiscardDecision) => SignedOrder
  readonly goHome: (decision: DiscardDecision) => SignedOrder
}

/** Signs with an Ed25519 private key (PKCS#8 in DER, base64). Throws when it is none. */
export function orderSigner(privateKey: string): OrderSigner {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('The key that signs orders is not an Ed25519 key.')
  const signed = (value: Order): SignedOrder => signPayload(canonicalJson(order.parse(value)), privateKey)
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
  return {
    keyId: orderKeyId(publicKey),
    publicKey,
    cutover: ({ id, migrationId, plan, waveId, bookingId, decidedBy, decidedAt, window, expiresAt, powerOffAfterSeconds }) => signed({
      ...(powerOffAfterSeconds === undefined ? { version: ORDER_VERSION } : { version: ORDER_VERSION_POWER_OFF, onRefusedShutdown: 'POWER_OFF', powerOffAfterSeconds }), kind: 'CUTOVER', id, migrationId, plan, planHash: planHash(plan),
      approval: {
        waveId, bookingId, decidedBy, decidedAt: decidedAt.toISOString(),
        window: { startsAt: window.startsAt.toISOString(), lockoutAt: window.lockoutAt.toISOString(), endsAt: window.endsAt.toISOString() },
      },
      startBefore: window.lockoutAt.toISOString(), expiresAt: expiresAt.toISOString(),
    }),
    discard: ({ decidedAt, expiresAt, ...decision }) => signed({ version: ORDER_VERSION, kind: 'DISCARD', ...decision, decidedAt: decidedAt.toISOString(), expiresAt: expiresAt.toISOString() }),
    goHome: ({ decidedAt, expiresAt, ...decision }) => signed({ version: ORDER_VERSION, kind: 'RETURN', ...decision, decidedAt: decidedAt.toISOString(), expiresAt: expiresAt.toISOString() }),
  }
}

/** Signs a payload as it stands. */
export function signPayload(payload: string, privateKey: string): SignedOrder {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  return { payload, signature: sign(null, signedBytes(payload), key).toString('base64') }
}

/** Names a public key (SPKI in DER, base64): the first 16 hex digits of its SHA-256. */
export const orderKeyId = (publicKey: string): string => createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16)
