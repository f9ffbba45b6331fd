import { acceptMigration } from '@driftless/db'
import type { AttemptRef, MigrationFacts, ScopedTx } from '@driftless/db'
import { keepEvidence } from './keep-evidence.ts'

/** Accepts the target: billing and evidence are written in the caller's transaction. */
export async function accept(tx: ScopedTx, { migration, now }: MigrationFacts, attempt: AttemptRef): Promise<boolean> {
  const accepted = await acceptMigration(tx, migration, { acceptedAt: now, billed: migration, attempt: attempt.number, asAgreed: migration.acceptAskedAt === null })
  if (accepted) await keepEvidence(tx, migration)
  return accepted
}
