import { createHash, createPublicKey, sign, verify } from 'node:crypto'
import type { AnchorSigner } from '@driftless/audit-chain'
import { canonicalJson } from '@driftless/domain'
import { z } from 'zod'
import { EVIDENCE_FORMAT, HASH_ALGORITHM, evidenceFormat, evidencePack } from './pack.ts'
import type { AuditRest, EvidenceFacts, EvidenceFormat, EvidencePack } from './pack.ts'
import { sectionsOf } from './sections.ts'

/** Who signed, and what: Ed25519 over the pack's canonical JSON. Key (SPKI in DER) and value in base64. */
export const evidenceSignature = z.strictObject({ algorithm: z.literal('Ed25519'), keyId: z.string(), key: z.base64(), value: z.base64() })
export type EvidenceSignature = z.infer<typeof evidenceSignature>

/** The file that people download. Not signed: what is in it is unfinished. */
export const evidenceFile = z.strictObject({ driftlessEvidence: evidenceFormat, pack: evidencePack, signature: evidenceSignature.nullable() })
export type EvidenceFile = z.infer<typeof evidenceFile>

/** Names a public key (SPKI in DER, base64): the first 16 hex digits of its SHA-256. */
export const evidenceKeyId = (publicKey: string): string => createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16)

/** What is signed: the pack behind a line of its own, so that no signature of the same key for another purpose is ever one of these. */
const signedBytes = (pack: string): Buffer => Buffer.from(`driftless evidence ${formatOf(JSON.parse(pack))}\n${pack}`, 'utf8')

/** The format that a pack says it has; one that says none is written in the present one. */
const formatOf = (pack: unknown): EvidenceFormat => z.object({ format: evidenceFormat }).safeParse(pack).data?.format ?? EVIDENCE_FORMAT

/** Facts that a version before this one has kept say nothing of shipments, because there were none. */
const whole = (facts: EvidenceFacts): EvidenceFacts => ({ ...facts, vms: facts.vms.map((vm) => ({ ...vm, shipments: vm.shipments ?? [] })) })

/** The pack of facts that will not change any more. */
export function finalPack(facts: EvidenceFacts, edition: number, audit: AuditRest, signer: AnchorSigner): EvidencePack {
  const pack = { ...whole(facts), format: EVIDENCE_FORMAT, state: 'FINAL' as const, edition, hashAlgorithm: HASH_ALGORITHM, signedBy: evidenceKeyId(signer.publicKey), audit } as const
  return { ...pack, sections: sectionsOf(pack) }
}

/** How things stand: not signed, since they will change. */
export function unfinishedPack(facts: EvidenceFacts): EvidencePack {
  const pack = { ...whole(facts), format: EVIDENCE_FORMAT, state: 'UNFINISHED' as const, edition: 0, hashAlgorithm: HASH_ALGORITHM, signedBy: null, audit: null } as const
  return { ...pack, sections: sectionsOf(pack) }
}

/** The text that is signed and stored, and its signature. */
export function signPack(pack: EvidencePack, signer: AnchorSigner): { readonly payload: string; readonly signature: EvidenceSignature } {
  const payload = canonicalJson(evidencePack.parse(pack))
  return { payload, signature: { algorithm: 'Ed25519', keyId: evidenceKeyId(signer.publicKey), key: signer.publicKey, value: sign(null, signedBytes(payload), signer.key).toString('base64') } }
}

/** Whether the key that the signature names signed these bytes. Whose key that is, the caller must know. */
export function isSignedPack(payload: string, { key, value }: EvidenceSignature): boolean {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
    return publicKey.asymmetricKeyType === 'ed25519' && verify(null, signedBytes(payload), publicKey, Buffer.from(value, 'base64'))
  } catch {
    return false
  }
}

/** The file's bytes, the same for the same pack: keys sorted at every level, two spaces a level, a line's end at the end. */
export function fileText(file: { readonly pack: unknown; readonly signature: unknown }): string {
  const canonical: unknown = JSON.parse(canonicalJson({ driftlessEvidence: formatOf(file.pack), ...file }))
  return `${JSON.stringify(canonical, null, 2)}\n`
}

/** SHA-256, hex, of a file's text. */
export const fileHash = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')
