import { isProviderRole, may } from '../roles.ts'
import type { UserRole } from '../roles.ts'

/** What a person can choose to be written about. */
export const NOTICE_CATEGORIES = ['APPROVALS', 'WINDOWS', 'CUTOVERS', 'ESTIMATES', 'SHIPMENTS', 'REMINDERS', 'CALENDAR'] as const
export type NoticeCategory = (typeof NOTICE_CATEGORIES)[number]

/** Every mail that a person can get, with its category. */
export const NOTICE_KINDS = {
  WINDOW_REQUESTED: 'WINDOWS',
  WINDOW_OFFERED: 'WINDOWS',
  WINDOW_APPROVED: 'WINDOWS',
  WINDOW_REFUSED: 'WINDOWS',
  WINDOW_WITHDRAWN: 'WINDOWS',
  WINDOW_EXPIRED: 'WINDOWS',
  WINDOW_MISSED: 'WINDOWS',
  OFFER_ACCEPTED: 'WINDOWS',
  GO_WANTED: 'APPROVALS',
  PLAN_CHANGED: 'APPROVALS',
  GO_SAID: 'APPROVALS',
  NO_GO_SAID: 'APPROVALS',
  VMS_TO_ACCEPT: 'CUTOVERS',
  CUTOVER_TAKEN_BACK: 'CUTOVERS',
  VMS_COMPLETED: 'CUTOVERS',
  ESTIMATE_ENDED: 'ESTIMATES',
  SHIPMENT_HELD: 'SHIPMENTS',
  SHIPMENT_PREPARED: 'SHIPMENTS',
  SHIPMENT_COMING: 'SHIPMENTS',
  SHIPMENT_CHANGED: 'SHIPMENTS',
  SHIPMENT_TAKEN_BACK: 'SHIPMENTS',
  SHIPMENT_LATE: 'SHIPMENTS',
  SHIPMENT_RECEIVED: 'SHIPMENTS',
  SHIPMENT_NOT_RECEIVED: 'SHIPMENTS',
  SHIPMENT_SEALS_BROKEN: 'SHIPMENTS',
  SHIPMENT_REFUSED: 'SHIPMENTS',
  SHIPMENT_DAMAGED: 'SHIPMENTS',
  SHIPMENT_IMPORTED: 'SHIPMENTS',
  SHIPMENT_CAUGHT_UP: 'SHIPMENTS',
  SHIPMENT_CANCELLED: 'SHIPMENTS',
  REMINDER_DAY: 'REMINDERS',
  REMINDER_HOUR: 'REMINDERS',
  INVITATION: 'CALENDAR',
  CANCELLATION: 'CALENDAR',
} as const satisfies Readonly<Record<string, NoticeCategory>>
export type NoticeKind = keyof typeof NOTICE_KINDS

export function isNoticeKind(kind: string): kind is NoticeKind {
  return Object.hasOwn(NOTICE_KINDS, kind)
}

/**
 * Whom a mail is for. APPROVERS: whoever the customer's approval policy lets say go. PARTIES: all whom a window concerns. CREATOR: whoever began what
 * has ended. SENDERS, RECEIVERS: who ships disks at the customer, who takes them at the provider; HANDLERS: both. The database has the same words (`notice_people`, filled by a migration; a test holds the two against each other).
 */
export const AUDIENCES = ['SCHEDULERS', 'OPERATORS', 'APPROVERS', 'ACCEPTERS', 'CREATOR', 'PARTIES', 'SENDERS', 'RECEIVERS', 'HANDLERS'] as const
export type Audience = (typeof AUDIENCES)[number]

/** Whether somebody of this role belongs to the audience; null: that is not the role's to say. */
export function inAudience(audience: Audience, role: UserRole): boolean | null {
  switch (audience) {
    case 'SCHEDULERS': return may(role, 'decide-bookings')
    case 'OPERATORS': return may(role, 'book-windows')
    case 'ACCEPTERS': return may(role, 'decide-go-no-go')
    case 'SENDERS': return may(role, 'ship-disks')
    case 'RECEIVERS': return may(role, 'receive-disks')
    case 'HANDLERS': return may(role, 'ship-disks') || may(role, 'receive-disks')
    case 'APPROVERS':
    case 'CREATOR': return isProviderRole(role) ? false : null
    case 'PARTIES': return may(role, 'book-windows') || role === 'PROVIDER_SCHEDULER' ? true : isProviderRole(role) ? false : null
  }
}

/** Reminders before a window, by how long before. */
export const REMINDERS = { REMINDER_DAY: 24 * 3_600_000, REMINDER_HOUR: 3_600_000 } as const satisfies Partial<Record<NoticeKind, number>>
/** A reminder that is later than this (nobody could send it) is of no use any more. */
export const REMINDER_LATE_MS: Readonly<Record<keyof typeof REMINDERS, number>> = { REMINDER_DAY: 12 * 3_600_000, REMINDER_HOUR: 50 * 60_000 }

export function isReminder(kind: string): kind is keyof typeof REMINDERS {
  return Object.hasOwn(REMINDERS, kind)
}

type Rule = { readonly kind: NoticeKind; readonly action: string; readonly after?: string; readonly to: Audience; /** VMs of one wave that reach it within this time share a mail. */ readonly gatherSeconds?: number }
/** A wave's VMs are cut over one after another: not a mail for each. */
const GATHER_SECONDS = 120

/** Which entries of the audit log somebody is written about, and who. The rest (invitations, reminders) hangs on the booking itself. */
export const NOTICE_RULES: readonly Rule[] = [
  { kind: 'WINDOW_REQUESTED', action: 'booking.request', to: 'SCHEDULERS' },
  { kind: 'WINDOW_WITHDRAWN', action: 'booking.withdraw', to: 'SCHEDULERS' },
  { kind: 'OFFER_ACCEPTED', action: 'booking.accept', to: 'SCHEDULERS' },
  { kind: 'WINDOW_OFFERED', action: 'booking.offer', to: 'OPERATORS' },
  { kind: 'WINDOW_APPROVED', action: 'booking.approve', to: 'OPERATORS' },
  { kind: 'WINDOW_REFUSED', action: 'booking.reject', to: 'OPERATORS' },
  { kind: 'WINDOW_EXPIRED', action: 'booking.status', after: 'EXPIRED', to: 'OPERATORS' },
  { kind: 'WINDOW_MISSED', action: 'booking.missed', to: 'OPERATORS' },
  { kind: 'GO_WANTED', action: 'booking.approve', to: 'APPROVERS' },
  { kind: 'GO_WANTED', action: 'booking.accept', to: 'APPROVERS' },
  { kind: 'PLAN_CHANGED', action: 'wave.change-plan', to: 'APPROVERS' },
  { kind: 'GO_SAID', action: 'wave.go', to: 'OPERATORS' },
  { kind: 'NO_GO_SAID', action: 'wave.no-go', to: 'OPERATORS' },
  { kind: 'VMS_TO_ACCEPT', action: 'migration.validating', to: 'ACCEPTERS', gatherSeconds: GATHER_SECONDS },
  { kind: 'CUTOVER_TAKEN_BACK', action: 'cutover.status', after: 'ROLLED_BACK', to: 'OPERATORS', gatherSeconds: GATHER_SECONDS },
  { kind: 'VMS_COMPLETED', action: 'migration.status', after: 'COMPLETED', to: 'OPERATORS', gatherSeconds: GATHER_SECONDS },
  { kind: 'ESTIMATE_ENDED', action: 'estimate.end', after: 'DONE', to: 'CREATOR' },
  { kind: 'SHIPMENT_HELD', action: 'shipment.held', to: 'SENDERS', gatherSeconds: GATHER_SECONDS },
  { kind: 'SHIPMENT_PREPARED', action: 'shipment.status', after: 'PREPARED', to: 'SENDERS' },
  { kind: 'SHIPMENT_COMING', action: 'shipment.status', after: 'HANDED_OVER', to: 'RECEIVERS' },
  { kind: 'SHIPMENT_CHANGED', action: 'shipment.days', to: 'RECEIVERS' },
  { kind: 'SHIPMENT_CHANGED', action: 'shipment.correct', to: 'RECEIVERS' },
  { kind: 'SHIPMENT_TAKEN_BACK', action: 'shipment.taken-back', to: 'RECEIVERS' },
  { kind: 'SHIPMENT_LATE', action: 'shipment.late', to: 'HANDLERS' },
  { kind: 'SHIPMENT_RECEIVED', action: 'shipment.status', after: 'RECEIVED', to: 'HANDLERS' },
  { kind: 'SHIPMENT_NOT_RECEIVED', action: 'shipment.not-received', to: 'SENDERS' },
  { kind: 'SHIPMENT_SEALS_BROKEN', action: 'shipment.seals-broken', to: 'SENDERS' },
  { kind: 'SHIPMENT_REFUSED', action: 'shipment.refused', to: 'HANDLERS', gatherSeconds: GATHER_SECONDS },
  { kind: 'SHIPMENT_DAMAGED', action: 'shipment.damaged', to: 'HANDLERS', gatherSeconds: GATHER_SECONDS },
  { kind: 'SHIPMENT_IMPORTED', action: 'shipment.status', after: 'IMPORTED', to: 'HANDLERS' },
  { kind: 'SHIPMENT_CAUGHT_UP', action: 'shipment.status', after: 'CAUGHT_UP', to: 'HANDLERS' },
  { kind: 'SHIPMENT_CANCELLED', action: 'shipment.status', after: 'CANCELLED', to: 'HANDLERS' },
]

/** The categories of which somebody of this role can be written about at all. */
export function categoriesFor(role: UserRole): NoticeCategory[] {
  const heard = new Set<NoticeCategory>(NOTICE_RULES.filter(({ to }) => inAudience(to, role) !== false).map(({ kind }) => NOTICE_KINDS[kind]))
  if (inAudience('PARTIES', role) !== false) heard.add('REMINDERS').add('CALENDAR')
  return NOTICE_CATEGORIES.filter((category) => heard.has(category))
}

const MINUTE_MS = 60_000
/** What is waited after each failed attempt in turn; a mail server may be away for a day. After the last there is no more. */
export const MAIL_RETRY_DELAYS_MS = [1, 5, 30, 120, 360, 720].map((minutes) => minutes * MINUTE_MS)

/** How long to wait after `attempts` failed ones (1 is the first); null: no more. */
export function mailRetryDelayMs(attempts: number): number | null {
  return MAIL_RETRY_DELAYS_MS[attempts - 1] ?? null
}
