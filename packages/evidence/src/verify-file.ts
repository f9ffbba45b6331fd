import { canonicalJson } from '@driftless/domain'
import { z } from 'zod'
import { contradictions } from './consistency.ts'
import { evidenceFile, evidenceKeyId, evidenceSignature, fileHash, fileText, isSignedPack } from './file.ts'
import type { EvidenceFile } from './file.ts'
import { changedSections } from './sections.ts'

/**
 * What a file is. GENUINE: signed, whole and consistent. FALSE: `faults` say what is wrong, each a sentence. UNFINISHED: well
 * formed, and not signed, because its migration has not ended. PREVIOUS: of a version that did not sign. NO_PACK: something else.
 */
export type FileReport =
  | { readonly kind: 'GENUINE'; readonly file: EvidenceFile; readonly sha256: string; readonly keyId: string; readonly key: string; /** Whether the key is one of those that were given. */ readonly trusted: boolean }
  | { readonly kind: 'UNFINISHED'; readonly file: EvidenceFile; readonly sha256: string; readonly faults: readonly string[] }
  | { readonly kind: 'FALSE'; readonly faults: readonly string[] }
  | { readonly kind: 'PREVIOUS'; readonly format: number; readonly intact: boolean }
  | { readonly kind: 'NO_PACK' }

const outline = z.object({ driftlessEvidence: z.unknown(), pack: z.record(z.string(), z.unknown()), signature: z.unknown() })
const NOT_AS_WRITTEN = 'The file is not as it was written: its bytes differ from what its content gives, so it was edited or formatted anew. Download it again.'

/** Whether a file of evidence is what was signed, by one of `keys` (SPKI in DER, base64; none given: whoever signed is named). */
export function verifyFile(bytes: Uint8Array, keys: readonly string[]): FileReport {
  const text = textOf(bytes)
  const parsed = text === null ? undefined : parseJson(text)
  if (text === null || parsed === undefined) return looksLikeOne(bytes) ? { kind: 'FALSE', faults: [NOT_AS_WRITTEN] } : { kind: 'NO_PACK' }
  const previous = readPrevious(parsed)
  if (previous !== null) return previous
  const found = outline.safeParse(parsed)
  if (!found.success) return looksLikeOne(bytes) ? { kind: 'FALSE', faults: [NOT_AS_WRITTEN] } : { kind: 'NO_PACK' }
  const { pack, signature: raw } = found.data

  const changed = changedSections(pack)
  const faults = changed.map((name) => `${nameOf(name, pack)} changed after the pack was made.`)
  const whole = evidenceFile.safeParse(parsed)
  if (!whole.success) faults.push(`The file is not written as a pack of this version is: ${issueOf(whole.error)}.`)
  const signature = evidenceSignature.nullable().safeParse(raw)
  if (!signature.success) faults.push('The signature is not written as one.')
  else if (signature.data !== null) faults.push(...signatureFaults(pack, signature.data, keys, changed.length > 0))
  else if (pack.state !== 'UNFINISHED') faults.push('The pack says that it is final, and is not signed.')
  if (whole.success) faults.push(...contradictions(whole.data.pack))
  if (faults.length === 0 && fileText({ pack, signature: raw }) !== text) faults.push(NOT_AS_WRITTEN)

  const sha256 = fileHash(text)
  if (whole.success && whole.data.signature === null && whole.data.pack.state === 'UNFINISHED') return { kind: 'UNFINISHED', file: whole.data, sha256, faults }
  if (faults.length > 0 || !whole.success || whole.data.signature === null) return { kind: 'FALSE', faults }
  const { key, keyId } = whole.data.signature
  return { kind: 'GENUINE', file: whole.data, sha256, key, keyId, trusted: keys.includes(key) }
}

function signatureFaults(pack: Readonly<Record<string, unknown>>, signature: z.infer<typeof evidenceSignature>, keys: readonly string[], alreadyChanged: boolean): string[] {
  const { key, keyId, value } = signature
  const sameText = [key, value].every((text) => Buffer.from(text, 'base64').toString('base64') === text)
  const faults: string[] = []
  if (keys.length > 0 && !keys.includes(key)) faults.push(`The pack is signed by another key (${keyId}) than ${keys.length === 1 ? 'the one' : 'those'} you gave (${keys.map(evidenceKeyId).join(', ')}).`)
  if (evidenceKeyId(key) !== keyId || pack.signedBy !== keyId) faults.push('The signature names another key than the one that made it.')
  if (pack.state !== 'FINAL') faults.push('The pack says that it is unfinished, and is signed.')
  if (!sameText || !isSignedPack(canonicalJson(pack), signature)) faults.push(alreadyChanged ? 'The signature does not fit what the pack says now.' : 'The signature does not fit: the signature itself, its key or the list of hashes was changed.')
  return faults
}

/** Packs of before carried a SHA-256 and no signature. */
const previousFile = z.object({ sha256: z.string(), content: z.object({ format: z.union([z.literal(1), z.literal(2)]) }).loose() })

function readPrevious(parsed: unknown): FileReport | null {
  const found = previousFile.safeParse(parsed)
  if (!found.success) return null
  const { sha256, content } = found.data
  return { kind: 'PREVIOUS', format: content.format, intact: fileHash(canonicalJson(content)) === sha256 }
}

const PARTS: Readonly<Record<string, string>> = {
  approvals: 'The approvals were', windows: 'The windows and who booked and decided them were', wave: 'The wave was', audit: 'The positions in the audit log were', state: 'Whether the pack is final was', kind: 'What the pack is about was',
  factsAt: 'The time of the pack was', edition: 'The edition was', signedBy: 'The key that signs was', format: 'The format was', hashAlgorithm: 'The hash algorithm was',
  provider: 'The provider was', customer: 'The customer was', sourceSite: 'The source site was', destination: 'The destination was', targetSite: 'The target site was', vms: 'The VMs were',
}
const PARTS_OF_VM: Readonly<Record<string, string>> = {
  attempts: 'attempts (steps, times, downtime, hashes) of % were', returns: 'returns of % were', ending: 'end of % was', bytes: 'bytes moved of % were', agents: 'agents of % were', source: 'name of % was', target: 'target of % was',
  status: 'status of % was', migrationId: 'migration of % was', replication: 'replication times of % were', shipments: 'shipments of % were',
}

/** A part in a person's words, to begin a sentence with. */
function nameOf(section: string, { vms }: Readonly<Record<string, unknown>>): string {
  const [, index, part = ''] = /^vms\.(\d+)\.?(.*)$/.exec(section) ?? []
  if (index === undefined) return PARTS[section] ?? `“${section}” was`
  const vm = z.object({ source: z.object({ name: z.string() }) }).safeParse(Array.isArray(vms) ? vms[Number(index)] : null).data
  return `The ${PARTS_OF_VM[part] ?? `“${part}” of % was`}`.replace('%', vm?.source.name ?? `VM ${Number(index) + 1}`)
}

function issueOf(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined ? 'it cannot be read' : `${issue.path.join('.') || 'the file'}: ${issue.message}`
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A file that is damaged, and not one of another kind. */
function looksLikeOne(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('latin1')
  return text.includes('"driftlessEvidence"') || (text.includes('"sections"') && text.includes('"signature"'))
}
