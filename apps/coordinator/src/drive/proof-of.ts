import { diskHash } from '@driftless/agent-api'
import type { DiskHash } from '@driftless/agent-api'
import type { MigrationFacts } from '@driftless/db'
import { downtimeSeconds } from '@driftless/domain'
import { z } from 'zod'
import type { Observed } from './view-of.ts'

/** What the attempt itself keeps as proof: agents may have been restarted since, and have forgotten. */
export type Proof = { readonly sourceHashes: readonly DiskHash[]; readonly targetHashes: readonly DiskHash[]; readonly sourceLastWriteAt: Date | null; readonly targetFirstWriteAt: Date | null; readonly downtimeSeconds: number | null }

/** Gathers the proof of the present attempt; the hashes are those that were compared before the target was started. */
export function proofOf({ attempt }: MigrationFacts, { target }: Observed): Proof {
  if (!attempt) throw new Error('A migration without a cutover attempt has nothing to prove.')
  const first = target?.shadow?.firstWriteAtMs ?? null
  const { sourceLastWriteAt } = attempt
  return {
    sourceHashes: z.array(diskHash).parse(attempt.sourceHashes),
    targetHashes: z.array(diskHash).parse(attempt.targetHashes),
    sourceLastWriteAt,
    targetFirstWriteAt: first === null ? null : new Date(first),
    downtimeSeconds: sourceLastWriteAt === null || first === null ? null : downtimeSeconds(sourceLastWriteAt.getTime(), first),
  }
}
