import { readEvidenceRows, recordEvidence } from '@driftless/db'
import type { MigrationFacts, Prisma, ScopedTx } from '@driftless/db'
import { factsOf } from '@driftless/evidence'
import type { EvidenceFacts } from '@driftless/evidence'
import { z } from 'zod'

/**
 * Keeps the evidence of a VM whose migration has just come to an end, in that transaction: a moment later some of it may be
 * something else. It is signed when its entries stand in the audit log (`apps/coordinator/src/audit/sign-evidence.ts`).
 */
export async function keepEvidence(tx: ScopedTx, { id: migrationId, waveId, providerId, tenantId }: MigrationFacts['migration']): Promise<void> {
  const rows = await readEvidenceRows(tx, waveId, migrationId)
  if (rows === null) throw new Error(`Migration ${migrationId} is not in its wave.`)
  await recordEvidence(tx, { providerId, tenantId, waveId, migrationId }, storable(factsOf('VM', rows)))
}

/** Facts as a row's JSON. */
export function storable(facts: EvidenceFacts): Prisma.InputJsonObject {
  return z.record(z.string(), z.json()).parse(facts)
}
