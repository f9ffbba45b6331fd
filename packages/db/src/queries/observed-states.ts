import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'
import { noticeList } from './hypervisor-facts.ts'
import type { Notice } from './hypervisor-facts.ts'

const idRows = z.array(z.object({ id: z.string() }))
const sourceRows = z.array(z.object({ id: z.string(), notices: noticeList.nullable().catch(null) }))

/** One migration as an agent observes it; `observed` is stored as it came, its schema belongs to the agents' contract. */
export type ObservedRow = { readonly migrationId: string; readonly observed: Readonly<Record<string, unknown>> }

/**
 * Stores what a source agent observes of its migrations. Answers the ids that really are this agent's, each with the notices that
 * stood there before; the rest is somebody else's and nothing of it is written. Rows are locked in order, so that two reports
 * never deadlock.
 */
export async function storeSourceObserved(tx: ScopedTx, agentId: string, rows: readonly ObservedRow[]): Promise<ReadonlyMap<string, readonly Notice[]>> {
  if (rows.length === 0) return new Map()
  const written: unknown = await tx.db.$queryRaw`
    WITH said AS (SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r("migrationId" text, observed jsonb)),
    mine AS (SELECT id, source_observed->'notices' AS notices FROM migration WHERE id IN (SELECT "migrationId" FROM said) AND source_agent_id = ${agentId} ORDER BY id FOR NO KEY UPDATE)
    UPDATE migration m SET source_observed = said.observed, source_observed_at = clock_timestamp()
    FROM said, mine WHERE m.id = mine.id AND said."migrationId" = m.id RETURNING m.id, mine.notices`
  return new Map(sourceRows.parse(written).map((row) => [row.id, row.notices ?? []]))
}

/** The same for a target agent. */
export async function storeTargetObserved(tx: ScopedTx, agentId: string, rows: readonly ObservedRow[]): Promise<string[]> {
  if (rows.length === 0) return []
  const written: unknown = await tx.db.$queryRaw`
    WITH said AS (SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r("migrationId" text, observed jsonb)),
    mine AS (SELECT id FROM migration WHERE id IN (SELECT "migrationId" FROM said) AND target_agent_id = ${agentId} ORDER BY id FOR NO KEY UPDATE)
    UPDATE migration m SET target_observed = said.observed, target_observed_at = clock_timestamp()
    FROM said, mine WHERE m.id = mine.id AND said."migrationId" = m.id RETURNING m.id`
  return idRows.parse(written).map((row) => row.id)
}

/** One disk's replication as observed; bytes as in the schema, `behindSinceMs` since the epoch. */
export type ReplicationRow = {
  readonly migrationId: string
  readonly key: string
  readonly status: string
  readonly backgroundDoneBytes: number
  readonly backgroundTotalBytes: number
  readonly foregroundDoneBytes: number
  readonly foregroundLeftBytes: number
  readonly sentBytes: number
  readonly verifiedBytes?: number | undefined
  readonly behindSinceMs: number | null
}

/** Stores the disks' replication; the caller has made sure that the migrations are this agent's, and holds their rows. */
export async function storeReplications(tx: ScopedTx, rows: readonly ReplicationRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.db.$executeRaw`
    UPDATE replication r SET status = said.status::"ReplicationStatus",
      background_done_bytes = said."backgroundDoneBytes", background_total_bytes = said."backgroundTotalBytes",
      foreground_done_bytes = said."foregroundDoneBytes", foreground_left_bytes = said."foregroundLeftBytes",
      sent_bytes = greatest(said."sentBytes", r.sent_bytes), verified_bytes = coalesce(said."verifiedBytes", 0), behind_since = to_timestamp(said."behindSinceMs" / 1000.0)
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS said("migrationId" text, key text, status text,
      "backgroundDoneBytes" bigint, "backgroundTotalBytes" bigint, "foregroundDoneBytes" bigint, "foregroundLeftBytes" bigint,
      "sentBytes" bigint, "verifiedBytes" bigint, "behindSinceMs" float8)
    WHERE r.migration_id = said."migrationId" AND r.disk_key = said.key
      AND EXISTS (SELECT 1 FROM migration m WHERE m.id = r.migration_id AND m.status NOT IN ('COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED'))`
}
