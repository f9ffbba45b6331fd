import { commitCutover, readApprovals, readPlaces } from '@driftless/db'
import type { AttemptRef, MigrationFacts, ScopedTx } from '@driftless/db'
import { evidenceOf, measuredDowntime } from './evidence.ts'
import type { Observed } from './view-of.ts'

/** Accepts the target: everything that proves it is read, written and audited in the caller's transaction. */
export async function accept(tx: ScopedTx, facts: MigrationFacts, observed: Observed, attempt: AttemptRef & { readonly bookingId: string }): Promise<boolean> {
  const { migration, now } = facts
  const evidence = evidenceOf(facts, observed, await readApprovals(tx, attempt.bookingId), await readPlaces(tx, migration.wave))
  const { source, target } = observed
  return commitCutover(tx, attempt, {
    acceptedAt: now,
    attempt: {
      sourceHashes: source?.hashes ?? [],
      targetHashes: target?.hashes ?? [],
      sourceLastWriteAt: dateOf(source?.guest.lastWriteAtMs),
      targetFirstWriteAt: dateOf(target?.shadow?.firstWriteAtMs),
      downtimeSeconds: measuredDowntime(observed),
      sequenceAtBoot: bigOf(target?.shadow?.sequenceAtBoot),
    },
    evidence,
    billing: { vmName: migration.vm.name, cpus: migration.cpus, memoryBytes: migration.memoryBytes, diskBytes: migration.replications.reduce((sum, disk) => sum + disk.sizeBytes, 0n) },
  })
}

function dateOf(atMs: number | null | undefined): Date | null {
  return atMs === null || atMs === undefined ? null : new Date(atMs)
}

function bigOf(value: number | null | undefined): bigint | null {
  return value === null || value === undefined ? null : BigInt(value)
}
