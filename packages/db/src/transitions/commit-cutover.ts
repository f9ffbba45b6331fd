import { createHash } from 'node:crypto'
import { canonicalJson } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { advanceAttempt } from './cutover-attempt.ts'
import type { AttemptRef } from './cutover-attempt.ts'
import { moveMigration } from './move-migration.ts'

export type Acceptance = {
  readonly acceptedAt: Date
  /** What the attempt's row is completed with: times, downtime, sequences. */
  readonly attempt: Prisma.CutoverAttemptUncheckedUpdateManyInput
  readonly evidence: Prisma.InputJsonObject
  readonly billing: { readonly vmName: string; readonly cpus: number; readonly memoryBytes: bigint; readonly diskBytes: bigint }
}

/**
 * Accepts the target: the attempt is COMMITTED, the migration COMPLETED, its evidence pack stored and its billing
 * started, all in one transaction, all once. False when somebody else ended the attempt.
 */
export async function commitCutover(tx: ScopedTx, attempt: AttemptRef, acceptance: Acceptance): Promise<boolean> {
  const { acceptedAt, evidence, billing } = acceptance
  const { id: migrationId, providerId, tenantId } = attempt.migration
  if (!(await advanceAttempt(tx, attempt, 'COMMITTED', acceptedAt, acceptance.attempt))) return false
  await moveMigration(tx, attempt.migration, 'COMPLETED', { endedAt: acceptedAt })
  await tx.db.evidencePack.create({ data: { migrationId, providerId, tenantId, content: evidence, sha256: evidenceHash(evidence) } })
  await tx.db.billingStart.create({ data: { migrationId, providerId, tenantId, acceptedAt, ...billing } })
  await audit(tx, 'billing.start', { providerId, tenantId, kind: 'migration', id: migrationId, name: billing.vmName }, { after: acceptedAt.toISOString() })
  return true
}

/** SHA-256, hex, of the JSON with its keys sorted at every level: the same for everybody who recomputes it. */
export function evidenceHash(content: unknown): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}
