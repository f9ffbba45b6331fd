import { z } from 'zod'
import { BOOKING_HOLDS_SLOT } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { databaseNow } from './clock.ts'

/**
 * Takes a migration's row for the rest of the transaction: whoever drives it holds this lock and nobody can leak it.
 * False when there is no such migration.
 */
export async function lockMigration(tx: ScopedTx, migrationId: string): Promise<boolean> {
  return (await tx.db.$executeRaw`SELECT 1 FROM migration WHERE id = ${migrationId} FOR UPDATE`) === 1
}

/** Takes a wave's row, so that of its VMs only one can be about to begin its cutover. Lock the migration first. */
export async function lockWave(tx: ScopedTx, waveId: string): Promise<void> {
  await tx.db.$executeRaw`SELECT 1 FROM wave WHERE id = ${waveId} FOR NO KEY UPDATE`
}

/** Everything stored that the decision about one migration rests on; observed states are still JSON. Throws when it is unknown. */
export async function readMigrationFacts(tx: ScopedTx, migrationId: string) {
  const migration = await tx.db.migration.findUniqueOrThrow({
    where: { id: migrationId },
    include: { vm: true, wave: true, replications: { orderBy: { diskKey: 'asc' } }, attempts: { orderBy: { number: 'desc' }, take: 1 }, testBoots: { where: { status: { not: 'ENDED' } }, take: 1 } },
  })
  const agents = await tx.db.agent.findMany({ where: { id: { in: [migration.sourceAgentId ?? '', migration.targetAgentId ?? ''] } } })
  const booking = await tx.db.booking.findFirst({ where: { waveId: migration.waveId, status: { in: [...BOOKING_HOLDS_SLOT] } }, orderBy: { startsAt: 'desc' } })
  const goNoGo = booking ? await tx.db.goNoGo.findFirst({ where: { bookingId: booking.id }, orderBy: [{ decidedAt: 'desc' }, { id: 'desc' }] }) : null
  const order = booking ? await tx.db.signedOrder.findFirst({ where: { migrationId, kind: 'CUTOVER', bookingId: booking.id }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] }) : null
  return {
    now: await databaseNow(tx),
    migration,
    attempt: migration.attempts[0] ?? null,
    test: migration.testBoots[0] ?? null,
    sourceAgent: agents.find((agent) => agent.id === migration.sourceAgentId) ?? null,
    targetAgent: agents.find((agent) => agent.id === migration.targetAgentId) ?? null,
    booking,
    goNoGo,
    order,
  }
}
export type MigrationFacts = Awaited<ReturnType<typeof readMigrationFacts>>

const flag = z.tuple([z.object({ yes: z.boolean() })])
const amount = z.tuple([z.object({ bytes: z.bigint() })])
const rate = z.tuple([z.object({ rate: z.number().nullable() })])

/**
 * Whether another VM of the wave is in its cutover, or comes first and is about to begin: ready, asked for (by hand or
 * by the automatic mode), and not held by something of its own.
 */
export async function isOthersTurn(tx: ScopedTx, migration: { readonly id: string; readonly waveId: string; readonly position: number }, bookingId: string): Promise<boolean> {
  const [{ yes }] = flag.parse(await tx.db.$queryRaw`
    SELECT EXISTS (
      SELECT 1 FROM migration o JOIN wave w ON w.id = o.wave_id
      WHERE o.wave_id = ${migration.waveId} AND o.id <> ${migration.id} AND (
        o.status IN ('CUTTING_OVER', 'VALIDATING')
        OR (o.status = 'READY_FOR_CUTOVER' AND o.position < ${migration.position}
          AND coalesce(o.wait_reason, '') NOT IN ('WINDOW_MISSED', 'SOURCE_AGENT_AWAY', 'TARGET_AGENT_AWAY', 'SOURCE_HYPERVISOR_PROBLEM', 'TARGET_HYPERVISOR_PROBLEM', 'CATCHING_UP', 'NOT_CONVERGING', 'CUTTING_OVER')
          AND (o.cutover_requested_at IS NOT NULL OR (w.cutover_mode = 'AUTOMATIC' AND NOT EXISTS (
            SELECT 1 FROM cutover_attempt a WHERE a.migration_id = o.id AND a.booking_id = ${bookingId} AND a.status = 'ROLLED_BACK'))))
      )) AS yes`)
  return yes
}

/** Bytes of a target agent's free space that other replicas under way may still grow into. */
export async function readReservedBytes(tx: ScopedTx, targetAgentId: string, exceptMigrationId: string): Promise<number> {
  const [{ bytes }] = amount.parse(await tx.db.$queryRaw`
    SELECT coalesce(sum(greatest(0, d.size - coalesce((m.target_observed->>'storedBytes')::bigint, 0))), 0)::bigint AS bytes
    FROM migration m CROSS JOIN LATERAL (SELECT coalesce(sum(r.size_bytes), 0)::bigint AS size FROM replication r WHERE r.migration_id = m.id) d
    WHERE m.target_agent_id = ${targetAgentId} AND m.id <> ${exceptMigrationId}
      AND m.status IN ('REPLICATING', 'READY_FOR_TEST', 'TESTING', 'READY_FOR_CUTOVER', 'CUTTING_OVER', 'VALIDATING')`)
  return Number(bytes)
}

/** The churn of a VM not exceeded in 90 % of the last day's intervals, bytes per second; null when nothing was measured. */
export async function readChurnP90(tx: ScopedTx, vmId: string): Promise<number | null> {
  const [row] = rate.parse(await tx.db.$queryRaw`
    SELECT (percentile_disc(0.9) WITHIN GROUP (ORDER BY unique_write_bytes / interval_seconds))::float8 AS rate
    FROM telemetry_sample WHERE vm_id = ${vmId} AND at > clock_timestamp() - interval '24 hours' AND interval_seconds > 0`)
  return row.rate
}
