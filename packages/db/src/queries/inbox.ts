import { BOOKING_HOLDS_SLOT, MIGRATION_ENDED, mayApprove } from '@driftless/domain'
import type { InboxBooking, InboxFacts, UserRole } from '@driftless/domain'
import { z } from 'zod'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { readApprovalPolicy, readJudgement } from './approvals.ts'
import { listShipmentsToActOn } from './shipments.ts'

/** Nobody works off more; those that end first are among them. */
const MOST_BOOKINGS = 200
const MOST_MIGRATIONS = 2_000
const MOST_ESTIMATES = 20
/** What nobody has looked at by then was not waited for. */
const ESTIMATE_WAITS_MS = 14 * 86_400_000

/** Waits of a migration that a person ends. */
const PERSONS_WAITS = ['BOOK_WINDOW', 'WINDOW_MISSED', 'CUTOVER_FAILED', 'VALIDATING', 'VALIDATION_OVERDUE']
const refusal = z.object({ problem: z.object({ code: z.literal('SHUTDOWN_REFUSED') }) })

/** All that may wait on this person, in their scope; what of it does is `inboxOf` of the domain to say. */
export async function readInboxFacts(tx: ScopedTx, person: { readonly id: string; readonly role: UserRole; readonly tenantId: string | null }, now: Date): Promise<InboxFacts> {
  const tenants = new Map((await tx.db.tenant.findMany({ select: { id: true, name: true } })).map(({ id, name }) => [id, name]))
  const nameOf = (tenantId: string) => tenants.get(tenantId) ?? ''
  const rows = await tx.db.booking.findMany({ where: { status: { in: [...BOOKING_HOLDS_SLOT] }, endsAt: { gt: now } }, orderBy: { startsAt: 'asc' }, take: MOST_BOOKINGS, include: { wave: { select: { name: true } } } })
  const saysGo = person.tenantId !== null && mayApprove(await readApprovalPolicy(tx, person.tenantId), person)
  const bookings: InboxBooking[] = []
  for (const booking of rows) bookings.push(await inboxBookingOf(tx, booking, nameOf(booking.tenantId), saysGo))
  // The provider acts on requests and on devices alone.
  const shipments = (await listShipmentsToActOn(tx)).map(({ tenantId, ...row }) => ({ ...row, tenantName: nameOf(tenantId) }))
  if (person.tenantId === null) return { bookings, shipments, migrations: [], estimates: [] }
  return { bookings, shipments, migrations: (await waiting(tx)).map((row) => ({ ...row, tenantName: nameOf(row.tenantId) })), estimates: (await ended(tx, person.id, now)).map((row) => ({ ...row, tenantName: nameOf(row.tenantId) })) }
}

/** A booking as it may wait on somebody. `saysGo`: what has been said to it is asked for. */
export async function inboxBookingOf(tx: ScopedTx, booking: Prisma.BookingGetPayload<{ include: { wave: { select: { name: true } } } }>, tenantName: string, saysGo: boolean): Promise<InboxBooking> {
  const { id, waveId, kind, status, requestedById } = booking
  const asked = saysGo && (status === 'APPROVED' || status === 'LOCKED' || status === 'IN_PROGRESS')
  return {
    id, waveId, kind, status, requestedById, tenantName, waveName: booking.wave.name,
    endsAtMs: booking.endsAt.getTime(), lockoutAtMs: booking.lockoutAt.getTime(), expiresAtMs: booking.expiresAt?.getTime() ?? null,
    requestedAtMs: booking.requestedAt.getTime(), decidedAtMs: booking.decidedAt?.getTime() ?? null,
    approval: asked ? await approvalOf(tx, booking) : null,
  }
}

async function approvalOf(tx: ScopedTx, booking: Parameters<typeof readJudgement>[1]): Promise<InboxBooking['approval']> {
  const { policy, judgement, words } = await readJudgement(tx, booking)
  // The coordinator, which looks at what is signed, has noted that it waits for a go.
  const held = booking.kind === 'CUTOVER' && judgement.verdict === 'GO' ? await tx.db.migration.count({ where: { waveId: booking.waveId, status: 'CUTTING_OVER', waitReason: 'GO_NO_GO' } }) : 0
  return { policy, judgement, authors: Object.fromEntries(words.map(({ row }) => [row.id, row.decidedById])), saidAgain: held > 0 }
}

async function waiting(tx: ScopedTx) {
  const waits: Prisma.MigrationWhereInput = { OR: [{ waitReason: { in: PERSONS_WAITS } }, { status: 'CUTTING_OVER', wave: { shutdownRefusal: 'WAIT' } }] }
  const rows = await tx.db.migration.findMany({
    where: { status: { notIn: [...MIGRATION_ENDED] }, ...waits }, orderBy: { statusChangedAt: 'asc' }, take: MOST_MIGRATIONS,
    select: { tenantId: true, waveId: true, status: true, waitReason: true, statusChangedAt: true, validationEndsAt: true, acceptAskedAt: true, sourceObserved: true, wave: { select: { name: true } }, vm: { select: { name: true } }, attempts: { select: { status: true }, orderBy: { number: 'desc' }, take: 1 } },
  })
  return rows.map((row) => ({
    tenantId: row.tenantId, waveId: row.waveId, waveName: row.wave.name, vmName: row.vm.name, status: row.status, waitReason: row.waitReason, sinceMs: row.statusChangedAt.getTime(),
    validationEndsAtMs: row.validationEndsAt?.getTime() ?? null, accepted: row.acceptAskedAt !== null,
    guestRefuses: row.status === 'CUTTING_OVER' && row.attempts[0]?.status === 'SOURCE_QUIESCING' && refusal.safeParse(row.sourceObserved).success,
  }))
}

async function ended(tx: ScopedTx, personId: string, now: Date) {
  const rows = await tx.db.estimate.findMany({
    where: { status: 'DONE', createdById: personId, endsAt: { gt: new Date(now.getTime() - ESTIMATE_WAITS_MS) } }, orderBy: { endsAt: 'desc' }, take: MOST_ESTIMATES,
    select: { id: true, tenantId: true, name: true, createdById: true, endsAt: true, vms: { select: { vm: { select: { migrations: { select: { id: true }, take: 1 } } } } } },
  })
  return rows.map(({ vms, endsAt, ...row }) => ({ ...row, endedAtMs: endsAt.getTime(), planned: vms.some(({ vm }) => vm.migrations.length > 0) }))
}
