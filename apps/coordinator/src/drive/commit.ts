import { commitCutover, hypervisorOf } from '@driftless/db'
import type { AttemptRef, MigrationFacts, ScopedTx } from '@driftless/db'
import { offers } from '@driftless/domain'
import { keepCutoverOutcome } from './keep-outcome.ts'
import { proofOf } from './proof-of.ts'
import type { Observed } from './view-of.ts'

/** The VM runs at the target: what proves it is kept, how long it took beside what was expected, and its validation period begins if the wave agreed on one. */
export async function commit(tx: ScopedTx, facts: MigrationFacts, observed: Observed, attempt: AttemptRef): Promise<boolean> {
  const { migration: { wave }, now } = facts
  const { source, target } = observed
  const proof = proofOf(facts, observed)
  const committed = await commitCutover(tx, attempt, {
    committedAt: now,
    attempt: {
      targetFirstWriteAt: proof.targetFirstWriteAt, downtimeSeconds: proof.downtimeSeconds, sequenceAtBoot: bigOf(target?.shadow?.sequenceAtBoot),
      // The source's disks, read whole again after the target had begun to start; null: by an agent that does not.
      proof: { secondReading: source?.stage === 'FINAL' ? (source.reread ?? null) : null, health: target?.shadow?.health ?? null },
    },
    validationEndsAt: wave.validationMinutes === 0 ? null : new Date(now.getTime() + wave.validationMinutes * 60_000),
    wayBack: wave.keepWayBack && [facts.sourceAgent, facts.targetAgent].every(mayOfferWayBack),
  })
  if (committed) await keepCutoverOutcome(tx, facts)
  return committed
}

/** An agent that has not said what its hypervisor can do is older than the question. */
function mayOfferWayBack(agent: { readonly hypervisor: unknown } | null): boolean {
  const hypervisor = hypervisorOf(agent?.hypervisor)
  return hypervisor === null || offers(hypervisor.capabilities, 'WAY_BACK')
}

function bigOf(value: number | null | undefined): bigint | null {
  return value === null || value === undefined ? null : BigInt(value)
}
