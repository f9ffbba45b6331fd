import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { UnsignedEvidence } from '../queries/evidence.ts'
import type { ScopedTx } from '../scope.ts'

/** Whose evidence it is: one VM's, or (without a migration) a wave's. */
export type EvidenceSubject = { readonly providerId: string; readonly tenantId: string; readonly waveId: string; readonly migrationId: string | null }

/**
 * Keeps what was known of a VM's or a wave's migration when it ended, for good; what ended it is in the same transaction, and its
 * caller holds the row. A later end of the same is a further edition.
 */
export async function recordEvidence(tx: ScopedTx, subject: EvidenceSubject, facts: Prisma.InputJsonValue): Promise<void> {
  const { waveId, migrationId } = subject
  const editions = await tx.db.evidenceRecord.count({ where: { waveId, migrationId } })
  await tx.db.evidenceRecord.create({ data: { ...subject, edition: editions + 1, facts } })
}

export type SignedText = { readonly payload: string; readonly signature: string; readonly publicKey: string; readonly sha256: string }

/** Keeps what was signed of a record. False when somebody else signed it first, and nothing was written. */
export async function signEvidence(tx: ScopedTx, record: UnsignedEvidence, signed: SignedText, keyId: string): Promise<boolean> {
  const { id: recordId, providerId, tenantId, edition, wave, migration } = record
  const written = await tx.db.signedEvidence.createMany({ data: { recordId, providerId, tenantId, ...signed }, skipDuplicates: true })
  if (written.count !== 1) return false
  const subject = migration === null ? ({ ...wave, kind: 'wave' } as const) : ({ providerId, tenantId, kind: 'migration', id: migration.id, name: migration.vm.name } as const)
  // So the log says which file was the true one.
  await audit(tx, 'evidence.sign', subject, { detail: { edition, sha256: signed.sha256, key: keyId } })
  return true
}
