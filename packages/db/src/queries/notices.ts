import { BOOKING_OVER, NOTICE_KINDS, REMINDERS, REMINDER_LATE_MS, inboxOf, isNoticeKind, isReminder, isShipmentNotice } from '@driftless/domain'
import type { NoticeKind } from '@driftless/domain'
import { z } from 'zod'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import type { ClaimedNotice } from '../transitions/notice-attempt.ts'
import { databaseNow } from './clock.ts'
import { inboxBookingOf } from './inbox.ts'
import { readShipmentNotice } from './shipment-notice.ts'
import { SITE_ZONE, siteZoneOf } from './site-zone.ts'

const content = z.object({ name: z.string(), actor: z.string().nullable(), before: z.string().nullable(), reason: z.string().nullable(), revision: z.number(), startsAtMs: z.number() }).partial()
type Content = z.infer<typeof content>
type Row = { readonly id: string; readonly kind: string; readonly providerId: string; readonly tenantId: string | null; readonly waveId: string | null; readonly bookingId: string | null; readonly subjectId: string | null; readonly said: Content }

/** Their booking as a mail tells of it. */
const OF_BOOKING = { wave: { select: { id: true, name: true } } } as const
type Booked = Prisma.BookingGetPayload<{ include: typeof OF_BOOKING }>

/** What a claimed mail says, to whom; or why it is not to be said any more. */
export type NoticeToSend = NonNullable<Extract<Awaited<ReturnType<typeof readNotice>>, { void: null }>>

/**
 * Reads what a claimed mail is about, as it is now: whoever is gone, has chosen otherwise, has done it, or would be reminded of a window that is
 * no longer then, is not written to.
 */
export async function readNotice(tx: ScopedTx, claimed: readonly ClaimedNotice[]) {
  const now = await databaseNow(tx)
  const rows = (await tx.db.notice.findMany({ where: { id: { in: claimed.map(({ id }) => id) }, status: 'PENDING' }, orderBy: { createdAt: 'asc' } })).map((row): Row => ({ ...row, said: content.catch({}).parse(row.content) }))
  const [first] = rows
  if (first === undefined || !isNoticeKind(first.kind)) return { void: 'UNKNOWN' }
  const { kind } = first
  const person = await tx.db.user.findUnique({ where: { id: claimed[0]?.user_id ?? '' }, select: { id: true, name: true, email: true, role: true, locale: true, tenantId: true, providerId: true, deactivatedAt: true } })
  if (person === null || person.deactivatedAt !== null || person.providerId !== first.providerId || (person.tenantId !== null && person.tenantId !== first.tenantId)) return { void: 'PERSON' }
  const muted = (await tx.db.noticeChoice.findUnique({ where: { userId: person.id } }))?.muted ?? []
  // Whoever has an appointment hears that it is off, whatever they chose since.
  if (muted.includes(NOTICE_KINDS[kind]) && kind !== 'CANCELLATION') return { void: 'MUTED' }
  const booking = first.bookingId === null ? null : await tx.db.booking.findUnique({ where: { id: first.bookingId }, include: OF_BOOKING })
  // Where no window is agreed on, nobody has a go to say.
  const why = booking === null ? (kind === 'GO_WANTED' || kind === 'PLAN_CHANGED' ? 'DONE' : null) : await noLongerTrue(tx, kind, first, booking, person, now)
  if (why !== null) return { void: why }
  const about = isShipmentNotice(kind) ? await readShipmentNotice(tx, kind, first.subjectId, person, now) : null
  if (about !== null && about.void !== null) return { void: about.void }
  const vms = about === null ? await vmsOf(tx, kind, rows) : about.vmNames.map((name) => ({ name, validationEndsAt: null }))
  if (kind === 'VMS_TO_ACCEPT' && vms.length === 0) return { void: 'DONE' }
  const site = booking === null ? null : await tx.db.site.findUnique({ where: { id: booking.targetSiteId }, select: { name: true, ...SITE_ZONE } })
  const wave = first.waveId === null ? null : await tx.db.wave.findUnique({ where: { id: first.waveId }, select: { name: true } })
  const ends = vms.flatMap(({ validationEndsAt }) => validationEndsAt?.getTime() ?? [])
  const customer = first.tenantId === null ? null : await tx.db.tenant.findUnique({ where: { id: first.tenantId }, select: { name: true } })
  const siteZone = site && siteZoneOf(site)
  return {
    void: null, kind, person,
    facts: {
      name: wave?.name ?? first.said.name ?? '', customer: customer?.name ?? '', vmNames: vms.map(({ name }) => name), actor: first.said.actor ?? '', reason: first.said.reason ?? null,
      window: booking === null ? null : { startsAtMs: booking.startsAt.getTime(), endsAtMs: booking.endsAt.getTime(), siteName: site?.name ?? '', siteZone },
      untilMs: kind === 'VMS_TO_ACCEPT' ? (ends.length === 0 ? null : Math.min(...ends)) : (booking?.expiresAt?.getTime() ?? null),
      page: pageOf(kind, first), shipment: about?.shipment ?? null,
    },
    appointment: booking === null || (kind !== 'INVITATION' && kind !== 'CANCELLATION') ? null : appointmentOf(booking, customer?.name ?? '', { name: site?.name ?? '', zone: siteZone }),
  }
}

type Person = { readonly id: string; readonly role: Parameters<typeof inboxOf>[0]['role'] }

/** Why this need not be said any more about the booking as it is; null: it holds. */
async function noLongerTrue(tx: ScopedTx, kind: NoticeKind, { id, said }: Row, booking: Booked, person: Person, now: Date): Promise<string | null> {
  const agreed = booking.status === 'APPROVED' || booking.status === 'LOCKED' || booking.status === 'IN_PROGRESS'
  if (isReminder(kind)) {
    if (!agreed || booking.startsAt.getTime() !== said.startsAtMs) return 'MOVED'
    const left = booking.startsAt.getTime() - now.getTime()
    return left <= 0 || left < REMINDERS[kind] - REMINDER_LATE_MS[kind] ? 'LATE' : null
  }
  switch (kind) {
    case 'WINDOW_REQUESTED': return booking.status === 'REQUESTED' ? null : 'DONE'
    // One that was agreed on and missed is told of by name.
    case 'WINDOW_EXPIRED': return said.before === 'APPROVED' || said.before === 'LOCKED' ? 'REPLACED' : null
    case 'WINDOW_OFFERED': return booking.status === 'COUNTER_OFFERED' ? null : 'DONE'
    case 'GO_WANTED':
    case 'PLAN_CHANGED': return inboxOf(person, { bookings: [await inboxBookingOf(tx, booking, '', true)], migrations: [], estimates: [] }, now.getTime()).some((item) => item.kind === 'SAY_GO') ? null : 'DONE'
    case 'INVITATION': {
      const newer = await tx.db.notice.count({ where: { bookingId: booking.id, userId: person.id, kind: 'INVITATION', status: { in: ['PENDING', 'SENT'] }, id: { not: id }, content: { path: ['revision'], gt: said.revision ?? 0 } } })
      return !agreed || newer > 0 ? 'REPLACED' : null
    }
    case 'CANCELLATION': {
      if (!BOOKING_OVER.includes(booking.status)) return 'REPLACED'
      // What never reached anybody need not be taken back.
      return (await tx.db.notice.count({ where: { bookingId: booking.id, userId: person.id, kind: 'INVITATION', OR: [{ status: 'SENT' }, { attempts: { gt: 0 } }] } })) > 0 ? null : 'DONE'
    }
    default: return null
  }
}

/** The VMs that a mail is about, each once; of those that were to be accepted only those that still are. */
async function vmsOf(tx: ScopedTx, kind: NoticeKind, rows: readonly Row[]): Promise<{ name: string; validationEndsAt: Date | null }[]> {
  const subjects = rows.flatMap(({ subjectId }) => subjectId ?? [])
  const where = kind === 'CUTOVER_TAKEN_BACK' ? { attempts: { some: { id: { in: subjects } } } } : { id: { in: subjects } }
  const found = await tx.db.migration.findMany({ where: { ...where, ...(kind === 'VMS_TO_ACCEPT' ? { status: 'VALIDATING' as const, acceptAskedAt: null } : {}) }, orderBy: { position: 'asc' }, select: { validationEndsAt: true, vm: { select: { name: true } } } })
  return found.map(({ vm, validationEndsAt }) => ({ name: vm.name, validationEndsAt }))
}

function pageOf(kind: NoticeKind, { waveId, subjectId }: Row): string {
  switch (kind) {
    case 'WINDOW_REQUESTED': case 'WINDOW_OFFERED': case 'WINDOW_REFUSED': case 'WINDOW_WITHDRAWN': case 'WINDOW_EXPIRED': case 'WINDOW_MISSED': case 'OFFER_ACCEPTED': return '/windows'
    case 'ESTIMATE_ENDED': return `/estimate/${subjectId ?? ''}`
    default:
      if (isShipmentNotice(kind)) return `/shipments/${subjectId ?? ''}`
      return waveId === null ? '/inbox' : `/waves/${waveId}`
  }
}

/** A booking as calendars hold it. */
function appointmentOf(booking: Booked, tenantName: string, site: { readonly name: string; readonly zone: string | null }) {
  const state = BOOKING_OVER.includes(booking.status) && booking.status !== 'DONE' ? ('CANCELLED' as const) : booking.status === 'REQUESTED' || booking.status === 'COUNTER_OFFERED' ? ('TENTATIVE' as const) : ('AGREED' as const)
  return {
    bookingId: booking.id, kind: booking.kind, state, waveId: booking.waveId, waveName: booking.wave.name, tenantName, siteName: site.name, siteZone: site.zone, revision: booking.revision,
    startsAtMs: booking.startsAt.getTime(), endsAtMs: booking.endsAt.getTime(), lockoutAtMs: booking.lockoutAt.getTime(), changedAtMs: (booking.decidedAt ?? booking.requestedAt).getTime(),
  }
}

/** Windows of before are read in the log; those ahead are few. */
const FEED_BACK_MS = 90 * 86_400_000
const MOST_APPOINTMENTS = 1_000

/** Every window in scope of the last three months and ahead, those that were called off among them: a calendar that has one takes it out. */
export async function listAppointments(tx: ScopedTx, now: Date) {
  const rows = await tx.db.booking.findMany({ where: { endsAt: { gt: new Date(now.getTime() - FEED_BACK_MS) } }, orderBy: { startsAt: 'desc' }, take: MOST_APPOINTMENTS, include: OF_BOOKING })
  const tenants = new Map((await tx.db.tenant.findMany({ select: { id: true, name: true } })).map(({ id, name }) => [id, name]))
  const sites = new Map((await tx.db.site.findMany({ where: { kind: 'TARGET' }, select: { id: true, name: true, ...SITE_ZONE } })).map((site) => [site.id, { name: site.name, zone: siteZoneOf(site) }]))
  return rows.map((booking) => appointmentOf(booking, tenants.get(booking.tenantId) ?? '', sites.get(booking.targetSiteId) ?? { name: '', zone: null }))
}
