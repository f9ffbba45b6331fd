import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { hash } from './entry.ts'
import { fields } from './fields.ts'

/** The head of a chain at a moment: entry `sequence` has this hash, so all before it are settled as well. */
export const head = z.object({ chain: z.string(), sequence: z.number().int().min(1), hash, at: z.iso.datetime({ precision: 3 }) })
export type Head = z.infer<typeof head>

/** A head that was published outside of the database: one line of an anchor file. Key (SPKI, DER) and signature in base64. */
export const anchor = head.extend({ key: z.base64(), signature: z.base64() })
export type Anchor = z.infer<typeof anchor>

/** An Ed25519 key that signs anchors. */
export type AnchorSigner = { readonly key: KeyObject; /** SPKI, DER, base64. */ readonly publicKey: string }

/** Reads a private key: PKCS#8, DER, base64. Throws when it is none. */
export function anchorSigner(privateKey: string): AnchorSigner {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  return { key, publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64') }
}

const signedBytes = ({ chain, sequence, hash: ofEntry, at }: Head) => Buffer.from(fields(['driftless-audit-anchor-1', chain, String(sequence), ofEntry, at]), 'utf8')

export function signHead(signer: AnchorSigner, of: Head): Anchor {
  return { chain: of.chain, sequence: of.sequence, hash: of.hash, at: of.at, key: signer.publicKey, signature: sign(null, signedBytes(of), signer.key).toString('base64') }
}

/** Whether the anchor was signed by the key it names. Whose key that is, the caller must know. */
export function isSigned(one: Anchor): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(one.key, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519' && verify(null, signedBytes(one), key, Buffer.from(one.signature, 'base64'))
  } catch {
    return false
  }
}
