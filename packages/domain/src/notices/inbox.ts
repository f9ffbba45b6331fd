import { mayApprove } from '../plan/approvals.ts'
import type { ApprovalPolicy, Judgement, VoidReason } from '../plan/approvals.ts'
import { may } from '../roles.ts'
import type { UserRole } from '../roles.ts'
import type { BookingStatus } from '../states/booking.ts'
import type { MigrationStatus } from '../states/migration.ts'
import { isShipmentLate } from '../states/shipment.ts'
import type { ShipmentStatus } from '../states/shipment.ts'

/** What can wait on one person. */
export const INBOX_KINDS = ['SAY_GO', 'ANSWER_OFFER', 'DECIDE_REQUEST', 'ACCEPT_VMS', 'GUEST_REFUSES', 'CUTOVER_FAILED', 'BOOK_WINDOW', 'BOOK_AGAIN', 'READ_ESTIMATE', 'EXPORT_HELD', 'HAND_OVER_DISKS', 'DISKS_LATE', 'RECEIVE_DISKS', 'IMPORT_DISKS', 'DISKS_REFUSED'] as const
export type InboxKind = (typeof INBOX_KINDS)[number]

/** Why it is theirs: what they asked for or began themselves, what a policy names them for, or what their role is there for. */
export const INBOX_WHYS = ['ASKED_BY_YOU', 'BEGUN_BY_YOU', 'NAMED_APPROVER', 'APPROVER', 'PLANS', 'SCHEDULES', 'HANDLES_DISKS'] as const
export type InboxWhy = (typeof INBOX_WHYS)[number]

export type InboxItem = {
  readonly kind: InboxKind
  /** Its subject's: a booking, a wave, an estimate or a shipment. With the kind it is the item's own. */
  readonly id: string
  /** Of the page that it is done on; null: an estimate's. */
  readonly waveId: string | null
  readonly name: string
  readonly tenantName: string
  readonly why: InboxWhy
  readonly sinceMs: number
  /** After which it can no longer be done, or is decided by default; null: it waits. */
  readonly untilMs: number | null
  readonly vmNames: readonly string[]
  /** A go of theirs that holds no more. */
  readonly voided: VoidReason | null
}

type Of = { readonly waveId: string; readonly waveName: string; readonly tenantName: string }

export type InboxBooking = Of & {
  readonly id: string
  readonly kind: 'CUTOVER' | 'TEST'
  readonly status: BookingStatus
  readonly endsAtMs: number
  readonly lockoutAtMs: number
  /** Until when it is held unanswered; null: until its end. */
  readonly expiresAtMs: number | null
  readonly requestedById: string
  readonly requestedAtMs: number
  readonly decidedAtMs: number | null
  /** What has been said to it, each word with who said it; null: not asked for, since this person may not say anything. */
  readonly approval: { readonly policy: ApprovalPolicy; readonly judgement: Judgement; readonly authors: Readonly<Record<string, string>>; /** Enough goes count, and a VM in its cutover waits for one all the same: agents would not obey what was signed. */ readonly saidAgain: boolean } | null
}

export type InboxMigration = Of & {
  readonly vmName: string
  readonly status: MigrationStatus
  readonly waitReason: string | null
  readonly sinceMs: number
  readonly validationEndsAtMs: number | null
  /** Somebody has accepted it, and the coordinator is about to act on that. */
  readonly accepted: boolean
  /** It was asked to shut down, does not, and what was agreed on is to wait. */
  readonly guestRefuses: boolean
}

export type InboxEstimate = { readonly id: string; readonly name: string; readonly tenantName: string; readonly createdById: string; readonly endedAtMs: number; /** Its VMs are in a wave already. */ readonly planned: boolean }

export type InboxShipment = Of & {
  readonly id: string
  readonly status: ShipmentStatus
  readonly sinceMs: number
  /** When the devices should be there; null: they are not with the carrier. */
  readonly expectedAtMs: number | null
  /** An agent says that it cannot go on by itself. */
  readonly exportHeld: boolean
  readonly importRefused: boolean
}

export type InboxFacts = { readonly bookings: readonly InboxBooking[]; readonly migrations: readonly InboxMigration[]; readonly estimates: readonly InboxEstimate[]; readonly shipments?: readonly InboxShipment[] }
type Person = { readonly id: string; readonly role: UserRole }

/** What of all this waits on `person` and on nobody who would have to act before them, the most pressing first. Nothing of it is stored: what is done is gone. */
export function inboxOf(person: Person, facts: InboxFacts, nowMs: number): InboxItem[] {
  const items = [
    ...facts.bookings.flatMap((booking) => ofBooking(person, booking, nowMs)),
    ...ofMigrations(person, facts),
    ...facts.estimates.flatMap((estimate) => ofEstimate(person, estimate)),
    ...(facts.shipments ?? []).flatMap((shipment) => ofShipment(person, shipment, nowMs)),
  ]
  return items.toSorted((a, b) => (a.untilMs ?? Infinity) - (b.untilMs ?? Infinity) || a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : 1))
}

function ofBooking(person: Person, booking: InboxBooking, nowMs: number): InboxItem[] {
  const heldUntilMs = Math.min(booking.endsAtMs, booking.expiresAtMs ?? Infinity)
  const own = booking.requestedById === person.id
  const item = { id: booking.id, waveId: booking.waveId, name: booking.waveName, tenantName: booking.tenantName, vmNames: [], voided: null }
  switch (booking.status) {
    case 'REQUESTED':
      if (!may(person.role, 'decide-bookings') || own || nowMs >= heldUntilMs) return []
      return [{ ...item, kind: 'DECIDE_REQUEST', why: 'SCHEDULES', sinceMs: booking.requestedAtMs, untilMs: heldUntilMs }]
    case 'COUNTER_OFFERED':
      if (!may(person.role, 'book-windows') || nowMs >= heldUntilMs) return []
      return [{ ...item, kind: 'ANSWER_OFFER', why: own ? 'ASKED_BY_YOU' : 'PLANS', sinceMs: booking.decidedAtMs ?? booking.requestedAtMs, untilMs: heldUntilMs }]
    case 'APPROVED':
    case 'LOCKED':
    case 'IN_PROGRESS': {
      const go = goOf(person, booking)
      // After the lockout nothing begins any more, whatever is said.
      return go === null || nowMs >= booking.lockoutAtMs ? [] : [{ ...item, kind: 'SAY_GO', why: go.why, sinceMs: booking.decidedAtMs ?? booking.requestedAtMs, untilMs: booking.lockoutAtMs, voided: go.voided }]
    }
    default:
      return []
  }
}

/** Whether a go is missing that this person may say and has not said for this plan, or has to be said again; null: none. A no-go that holds waits for whoever said it, or for another plan. */
function goOf(person: Person, { approval, requestedById }: InboxBooking): { why: InboxWhy; voided: VoidReason | null } | null {
  if (approval === null) return null
  const { policy, judgement, authors } = approval
  const again = judgement.verdict === 'GO' && approval.saidAgain
  if (!again && (judgement.verdict !== 'WAITING' || judgement.missing === 0)) return null
  if (!mayApprove(policy, person) || (requestedById === person.id && !policy.ownRequest)) return null
  const mine = judgement.words.filter(({ id }) => authors[id] === person.id)
  if (!again && mine.some(({ standing }) => standing === 'COUNTS')) return null
  const voided = mine.flatMap((word) => (word.standing === 'VOID' ? [word.reason] : [])).at(-1) ?? null
  return { why: policy.personIds.includes(person.id) ? 'NAMED_APPROVER' : 'APPROVER', voided }
}

/** A wave's VMs wait together: one item of a kind, as old as the first of them. */
function ofMigrations(person: Person, { migrations, bookings }: InboxFacts): InboxItem[] {
  const items: InboxItem[] = []
  for (const waveId of new Set(migrations.map((one) => one.waveId))) {
    const wave = migrations.filter((one) => one.waveId === waveId)
    const held = bookings.find((booking) => booking.waveId === waveId && booking.kind === 'CUTOVER')
    const add = (kind: InboxKind, why: InboxWhy, untilMs: number | null, which: readonly InboxMigration[]) => {
      const [first] = which
      if (first === undefined) return
      const { waveName: name, tenantName } = first
      items.push({ kind, id: waveId, waveId, name, tenantName, why, untilMs, sinceMs: Math.min(...which.map(({ sinceMs }) => sinceMs)), vmNames: which.map(({ vmName }) => vmName), voided: null })
    }
    const validating = wave.filter((one) => one.status === 'VALIDATING' && !one.accepted && (one.waitReason === 'VALIDATING' || one.waitReason === 'VALIDATION_OVERDUE'))
    const ends = validating.flatMap(({ validationEndsAtMs }) => validationEndsAtMs ?? [])
    if (may(person.role, 'decide-go-no-go')) add('ACCEPT_VMS', 'APPROVER', ends.length === 0 ? null : Math.min(...ends), validating)
    if (may(person.role, 'request-cutover')) {
      add('GUEST_REFUSES', 'PLANS', held?.endsAtMs ?? null, wave.filter((one) => one.guestRefuses))
      add('CUTOVER_FAILED', 'PLANS', null, wave.filter((one) => one.waitReason === 'CUTOVER_FAILED'))
    }
    if (may(person.role, 'book-windows') && held === undefined) {
      const missed = wave.filter((one) => one.waitReason === 'WINDOW_MISSED')
      add('BOOK_AGAIN', 'PLANS', null, missed)
      if (missed.length === 0) add('BOOK_WINDOW', 'PLANS', null, wave.filter((one) => one.waitReason === 'BOOK_WINDOW'))
    }
  }
  return items
}

function ofEstimate(person: Person, { id, name, tenantName, createdById, endedAtMs, planned }: InboxEstimate): InboxItem[] {
  if (createdById !== person.id || planned || !may(person.role, 'run-estimates')) return []
  return [{ kind: 'READ_ESTIMATE', id, waveId: null, name, tenantName, why: 'BEGUN_BY_YOU', sinceMs: endedAtMs, untilMs: null, vmNames: [], voided: null }]
}

/** Devices wait on those in whose hands they are; once late, on both: the customer asks the carrier, the provider looks at its door. */
function ofShipment(person: Person, shipment: InboxShipment, nowMs: number): InboxItem[] {
  const ships = may(person.role, 'ship-disks')
  const kind = ships ? kindOfSender(shipment, nowMs) : may(person.role, 'receive-disks') ? kindOfReceiver(shipment, nowMs) : null
  if (kind === null) return []
  const { id, waveId, waveName: name, tenantName, sinceMs } = shipment
  return [{ kind, id, waveId, name, tenantName, why: ships ? 'PLANS' : 'HANDLES_DISKS', sinceMs, untilMs: null, vmNames: [], voided: null }]
}

function kindOfSender({ status, exportHeld, expectedAtMs }: InboxShipment, nowMs: number): InboxKind | null {
  if (status === 'PREPARING') return exportHeld ? 'EXPORT_HELD' : null
  if (status === 'PREPARED') return 'HAND_OVER_DISKS'
  return isShipmentLate(status, expectedAtMs, nowMs) ? 'DISKS_LATE' : null
}

function kindOfReceiver({ status, importRefused, expectedAtMs }: InboxShipment, nowMs: number): InboxKind | null {
  if (status === 'RECEIVED') return 'IMPORT_DISKS'
  if (status === 'IMPORTING') return importRefused ? 'DISKS_REFUSED' : null
  return isShipmentLate(status, expectedAtMs, nowMs) ? 'RECEIVE_DISKS' : null
}
