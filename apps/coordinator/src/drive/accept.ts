import { commitCutover, readApprovals, readPlaces } from '@driftless/db'
import type { AttemptRef, MigrationFacts, ScopedTx } from '@driftless/db'
import { evidenceOf, proofOf } from './evidence.ts'
import type { Observed } from './view-of.ts'

/** Accepts the target: everything that proves it is read, written and audited in the caller's transaction. */
export async function accept(tx: ScopedTx, facts: MigrationFacts, observed: Observed, attempt: AttemptRef & { readonly bookingId: string }): Promise<boolean> {
  const { migration, now } = facts
  const proof = proofOf(facts, observed)
  const evidence = evidenceOf(facts, observed, proof, await readApprovals(tx, attempt.bookingId), await readPlaces(tx, migration.wave))
  return commitCutover(tx, attempt, {
    acceptedAt: now,
    attempt: { targetFirstWriteAt: proof.targetFirstWriteAt, downtimeSeconds: proof.downtimeSeconds, sequenceAtBoot: bigOf(observed.target?.shadow?.sequenceAtBoot) },
    evidence,
    billing: { vmName: migration.vm.name, cpus: migration.cpus, memoryBytes: migration.memoryBytes, diskBytes: migration.replications.reduce((sum, disk) => sum + disk.sizeBytes, 0n) },
  })
}

function bigOf(value: number | null | undefined): bigint | null {
  return value === null || value === undefined ? null : BigInt(value)
}
