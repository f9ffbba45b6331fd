import { z } from 'zod'
import { RETURN_UNDER_WAY, isRequestedIn, isWaitReason, livesAtTarget } from '@driftless/domain'
import type { TurnWave } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { databaseNow } from './clock.ts'
import { readPresentBooking } from './cutover-plan.ts'

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
    include: { vm: true, wave: true, replications: { orderBy: { diskKey: 'asc' } }, attempts: { orderBy: { number: 'desc' }, take: 1 }, testBoots: { where: { status: { not: 'ENDED' } }, take: 1 }, returns: { orderBy: { askedAt: 'desc' }, take: 1 }, shipmentVms: { where: { shipment: { status: { not: 'CANCELLED' } } }, include: { shipment: { select: { id: true, status: true, expectedAt: true } } }, take: 1 } },
  })
  const agents = await tx.db.agent.findMany({ where: { id: { in: [migration.sourceAgentId ?? '', migration.targetAgentId ?? ''] } } })
  const booking = await readPresentBooking(tx, migration.waveId, 'CUTOVER')
  const order = booking ? await tx.db.signedOrder.findFirst({ where: { migrationId, kind: 'CUTOVER', bookingId: booking.id }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] }) : null
  return {
    now: await databaseNow(tx),
    migration,
    attempt: migration.attempts[0] ?? null,
    test: migration.testBoots[0] ?? null,
    /** The latest return. */
    vmReturn: migration.returns[0] ?? null,
    /** By which it travels. */
    shipment: migration.shipmentVms[0]?.shipment ?? null,
    sourceAgent: agents.find((agent) => agent.id === migration.sourceAgentId) ?? null,
    targetAgent: agents.find((agent) => agent.id === migration.targetAgentId) ?? null,
    booking,
    order,
  }
}
export type MigrationFacts = Awaited<ReturnType<typeof readMigrationFacts>>

/** Whether a window of the wave went by. */
export async function hasPassedWindow(tx: ScopedTx, waveId: string): Promise<boolean> {
  return (await tx.db.booking.count({ where: { waveId, kind: 'CUTOVER', status: 'DONE' } })) > 0
}

/** When a booking's window ends, whatever has become of it; null: there is no such booking. */
export async function readWindowEnd(tx: ScopedTx, bookingId: string): Promise<Date | null> {
  return (await tx.db.booking.findUnique({ where: { id: bookingId }, select: { endsAt: true } }))?.endsAt ?? null
}

const amount = z.tuple([z.object({ bytes: z.bigint() })])
const rate = z.tuple([z.object({ rate: z.number().nullable() })])

/** All VMs of a wave as the order of their cutovers looks at them, in the window of `booking`. */
export async function readTurnWave(tx: ScopedTx, waveId: string, booking: { readonly id: string; readonly startsAt: Date }): Promise<TurnWave> {
  const wave = await tx.db.wave.findUniqueOrThrow({
    where: { id: waveId },
    select: { cutoverMode: true, parallelCutovers: true, migrations: { orderBy: { position: 'asc' }, include: { vm: { select: { name: true } }, attempts: { orderBy: { number: 'desc' }, take: 1, select: { status: true, bookingId: true } }, returns: { where: { status: { in: [...RETURN_UNDER_WAY] } }, take: 1, select: { id: true } } } } },
  })
  return {
    mode: wave.cutoverMode, parallelCutovers: wave.parallelCutovers,
    vms: wave.migrations.map(({ id, position, status, waitReason, dependsOnIds, apartGroup, cutoverAt, cutoverRequestedAt, vm, attempts: [attempt], returns }) => ({
      id, name: vm.name, position, status, dependsOnIds, apartGroup,
      waitReason: isWaitReason(waitReason) ? waitReason : null,
      cutoverAtMs: cutoverAt?.getTime() ?? null, cutoverRequested: isRequestedIn(booking.startsAt.getTime(), cutoverRequestedAt?.getTime() ?? null),
      // Committed, and here again: the VM was taken back.
      failedInWindow: (attempt?.status === 'ROLLED_BACK' || (attempt?.status === 'COMMITTED' && status !== 'VALIDATING')) && attempt.bookingId === booking.id,
      // Not on its way home: what depends on it waits.
      atTarget: returns.length === 0 && livesAtTarget(status, attempt?.status),
    })),
  }
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
