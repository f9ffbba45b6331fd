import { readEvidenceRows, readPreviousEvidence, readSignedEvidence } from '@driftless/db'
import type { ScopedTx } from '@driftless/db'
import { EVIDENCE_FORMAT, evidenceFile, evidenceKeyId, evidencePack, factsOf, unfinishedPack } from '@driftless/evidence'
import type { EvidenceFile } from '@driftless/evidence'

export type Evidence = { readonly kind: 'FILE'; readonly name: string; readonly file: EvidenceFile } | { readonly kind: 'PREVIOUS'; readonly name: string; readonly file: { readonly sha256: string; readonly createdAt: Date; readonly content: unknown } }

/**
 * The evidence of a VM, or (`migrationId` null) of a wave: as it was signed when it ended; as a version of before kept it; else how
 * things stand, unsigned. Null when the scope knows neither.
 */
export async function readEvidenceFile(tx: ScopedTx, waveId: string, migrationId: string | null): Promise<Evidence | null> {
  const rows = await readEvidenceRows(tx, waveId, migrationId)
  if (rows === null) return null
  const facts = factsOf(migrationId === null ? 'WAVE' : 'VM', rows)
  const name = migrationId === null ? rows.wave.name : (rows.vms[0]?.vm.name ?? rows.wave.name)
  // One that was returned may be on its way again: what was signed is of before.
  const signed = facts.vms.every(({ ending }) => ending !== null) ? await readSignedEvidence(tx, waveId, migrationId) : null
  if (signed !== null) return { kind: 'FILE', name, file: signedFile(signed) }
  const previous = migrationId === null ? null : await readPreviousEvidence(tx, migrationId)
  if (previous !== null) return { kind: 'PREVIOUS', name, file: previous }
  return { kind: 'FILE', name, file: { driftlessEvidence: EVIDENCE_FORMAT, pack: unfinishedPack(facts), signature: null } }
}

function signedFile({ payload, signature, publicKey }: { readonly payload: string; readonly signature: string; readonly publicKey: string }): EvidenceFile {
  const pack = evidencePack.parse(JSON.parse(payload))
  return evidenceFile.parse({ driftlessEvidence: pack.format, pack, signature: { algorithm: 'Ed25519', keyId: evidenceKeyId(publicKey), key: publicKey, value: signature } })
}
