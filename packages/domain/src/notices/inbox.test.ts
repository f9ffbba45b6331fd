import { describe, expect, it } from 'vitest'
import { DEFAULT_APPROVAL_POLICY, judgeApprovals } from '../plan/approvals.ts'
import type { ApprovalPolicy, Word } from '../plan/approvals.ts'
import { USER_ROLES } from '../roles.ts'
import type { UserRole } from '../roles.ts'
import type { ShipmentStatus } from '../states/shipment.ts'
import { inboxOf } from './inbox.ts'
import type { InboxBooking, InboxEstimate, InboxFacts, InboxMigration, InboxShipment } from './inbox.ts'

const NOW = Date.UTC(2026, 10, 29, 12)
const HOUR = 3_600_000
const HASH = 'a'.repeat(64)

function approval(words: readonly Word[] = [], policy: ApprovalPolicy = DEFAULT_APPROVAL_POLICY, requestedById = 'olivia', saidAgain = false): NonNullable<InboxBooking['approval']> {
  return { policy, judgement: judgeApprovals(policy, words, HASH, requestedById, NOW), authors: Object.fromEntries(words.map(({ id, personId }) => [id, personId])), saidAgain }
}
const word = (personId: string, decision: 'GO' | 'NO_GO' = 'GO', planHash = HASH): Word => ({ id: `${personId} ${decision} ${planHash}`, decision, personId, role: 'CUSTOMER_APPROVER', saidAtMs: NOW - HOUR, planHash })
const booking = (change: Partial<InboxBooking> = {}): InboxBooking => ({
  id: 'b', waveId: 'w', waveName: 'Wave', tenantName: 'Alpine', kind: 'CUTOVER', status: 'APPROVED', endsAtMs: NOW + 10 * HOUR, lockoutAtMs: NOW + 9 * HOUR, expiresAtMs: null,
  requestedById: 'olivia', requestedAtMs: NOW - 3 * HOUR, decidedAtMs: NOW - 2 * HOUR, approval: approval(), ...change,
})
const migration = (change: Partial<InboxMigration> = {}): InboxMigration => ({ waveId: 'w', waveName: 'Wave', tenantName: 'Alpine', vmName: 'web', status: 'READY_FOR_CUTOVER', waitReason: 'BOOK_WINDOW', sinceMs: NOW - HOUR, validationEndsAtMs: null, accepted: false, guestRefuses: false, ...change })
const estimate = (change: Partial<InboxEstimate> = {}): InboxEstimate => ({ id: 'e', name: 'Estimate', tenantName: 'Alpine', createdById: 'olivia', endedAtMs: NOW - HOUR, planned: false, ...change })
const facts = (change: Partial<InboxFacts>): InboxFacts => ({ bookings: [], migrations: [], estimates: [], ...change })
const kinds = (id: string, role: UserRole, given: Partial<InboxFacts>) => inboxOf({ id, role }, facts(given), NOW).map(({ kind }) => kind)

describe('who must say go', () => {
  const two: ApprovalPolicy = { ...DEFAULT_APPROVAL_POLICY, needed: 2 }
  it.each([
    ['an approver', 'anna', booking(), true],
    ['an approver whose go counts', 'anna', booking({ approval: approval([word('anna')]) }), false],
    ['an approver, when a colleague has said it', 'anna', booking({ approval: approval([word('ben')]) }), false],
    ['an approver, when two are needed and a colleague has said it', 'anna', booking({ approval: approval([word('ben')], two) }), true],
    ['who has said it of two', 'ben', booking({ approval: approval([word('ben')], two) }), false],
    ['whose go was for another plan', 'anna', booking({ approval: approval([word('anna', 'GO', 'b'.repeat(64))]) }), true],
    ['whoever asked for the window', 'anna', booking({ requestedById: 'anna', approval: approval([], DEFAULT_APPROVAL_POLICY, 'anna') }), false],
    ['whoever asked, where that may be', 'anna', booking({ requestedById: 'anna', approval: approval([], { ...DEFAULT_APPROVAL_POLICY, ownRequest: true }, 'anna') }), true],
    ['nobody after a no-go', 'anna', booking({ approval: approval([word('ben', 'NO_GO')]) }), false],
    ['an approver whose go counts, when agents would not obey what was signed', 'anna', booking({ status: 'IN_PROGRESS', approval: approval([word('anna')], DEFAULT_APPROVAL_POLICY, 'olivia', true) }), true],
    ['whoever asked for the window, not even then', 'olivia', booking({ status: 'IN_PROGRESS', approval: approval([word('anna')], DEFAULT_APPROVAL_POLICY, 'olivia', true) }), false],
    ['nobody after the lockout', 'anna', booking({ lockoutAtMs: NOW }), false],
    ['nobody while a request is undecided', 'anna', booking({ status: 'REQUESTED' }), false],
    ['an approver in an open window', 'anna', booking({ status: 'IN_PROGRESS' }), true],
  ])('%s', (_name, id, given, expected) => {
    expect(kinds(id, 'CUSTOMER_APPROVER', { bookings: [given] })).toEqual(expected ? ['SAY_GO'] : [])
  })

  it('is whoever the policy names, and says so', () => {
    const named = booking({ approval: approval([], { ...DEFAULT_APPROVAL_POLICY, roles: [], personIds: ['vera'] }) })
    expect(inboxOf({ id: 'vera', role: 'CUSTOMER_VIEWER' }, facts({ bookings: [named] }), NOW)).toMatchObject([{ kind: 'SAY_GO', why: 'NAMED_APPROVER', untilMs: named.lockoutAtMs, sinceMs: named.decidedAtMs }])
    expect(kinds('anna', 'CUSTOMER_APPROVER', { bookings: [named] })).toEqual([])
  })

  it('hears why their go does not hold', () => {
    const [item] = inboxOf({ id: 'anna', role: 'CUSTOMER_APPROVER' }, facts({ bookings: [booking({ approval: approval([word('anna', 'GO', 'b'.repeat(64))]) })] }), NOW)
    expect(item?.voided).toBe('PLAN_CHANGED')
  })
})

describe('everything else', () => {
  const OPERATOR = ['CUSTOMER_OPERATOR']
  const APPROVER = ['CUSTOMER_APPROVER']
  const SCHEDULERS = ['PROVIDER_SCHEDULER', 'PROVIDER_ADMIN']
  it.each([
    ['DECIDE_REQUEST', { bookings: [booking({ status: 'REQUESTED', approval: null })] }, SCHEDULERS],
    ['ANSWER_OFFER', { bookings: [booking({ status: 'COUNTER_OFFERED', approval: null })] }, OPERATOR],
    ['ACCEPT_VMS', { migrations: [migration({ status: 'VALIDATING', waitReason: 'VALIDATING', validationEndsAtMs: NOW + HOUR })] }, APPROVER],
    ['GUEST_REFUSES', { migrations: [migration({ status: 'CUTTING_OVER', waitReason: 'CUTTING_OVER', guestRefuses: true })] }, OPERATOR],
    ['CUTOVER_FAILED', { migrations: [migration({ waitReason: 'CUTOVER_FAILED' })] }, OPERATOR],
    ['BOOK_WINDOW', { migrations: [migration()] }, OPERATOR],
    ['BOOK_AGAIN', { migrations: [migration({ waitReason: 'WINDOW_MISSED' }), migration()] }, OPERATOR],
  ] as const)('%s waits on those roles alone', (kind, given, roles) => {
    for (const role of USER_ROLES) expect(kinds('somebody', role, given), role).toEqual(roles.some((one) => one === role) ? [kind] : [])
  })

  it('is gone when it is done, decided or over', () => {
    const over: Partial<InboxFacts>[] = [
      { bookings: [booking({ status: 'REQUESTED', expiresAtMs: NOW })] },
      { bookings: [booking({ status: 'COUNTER_OFFERED', endsAtMs: NOW })] },
      { bookings: [booking({ status: 'COUNTER_OFFERED', expiresAtMs: NOW - 1 })] },
      ...(['DONE', 'REJECTED', 'EXPIRED', 'WITHDRAWN'] as const).map((status) => ({ bookings: [booking({ status })] })),
      { migrations: [migration({ status: 'VALIDATING', waitReason: 'VALIDATING', accepted: true })] },
      { migrations: [migration({ status: 'VALIDATING', waitReason: 'RETURNING' })] },
      { migrations: [migration({ waitReason: 'COPYING' })] },
      { bookings: [booking({ status: 'LOCKED', approval: null })], migrations: [migration()] },
    ]
    for (const given of over) for (const role of USER_ROLES) expect(kinds('somebody', role, given)).toEqual([])
  })

  it('is nobody\'s own request to decide', () => {
    expect(kinds('olivia', 'PROVIDER_SCHEDULER', { bookings: [booking({ status: 'REQUESTED' })] })).toEqual([])
  })

  it('tells an offer to whoever asked from one to a colleague', () => {
    const given = facts({ bookings: [booking({ status: 'COUNTER_OFFERED', expiresAtMs: NOW + HOUR })] })
    expect(inboxOf({ id: 'olivia', role: 'CUSTOMER_OPERATOR' }, given, NOW)).toMatchObject([{ why: 'ASKED_BY_YOU', untilMs: NOW + HOUR, sinceMs: NOW - 2 * HOUR }])
    expect(inboxOf({ id: 'oscar', role: 'CUSTOMER_OPERATOR' }, given, NOW)).toMatchObject([{ why: 'PLANS' }])
  })

  it('is one line for the VMs of a wave, until the first of them is decided by itself', () => {
    const looking = { status: 'VALIDATING', waitReason: 'VALIDATING' } as const
    const given = facts({ migrations: [migration({ ...looking, validationEndsAtMs: NOW + 2 * HOUR }), migration({ ...looking, vmName: 'db', validationEndsAtMs: NOW + HOUR, sinceMs: NOW - 5 * HOUR })] })
    expect(inboxOf({ id: 'anna', role: 'CUSTOMER_APPROVER' }, given, NOW)).toMatchObject([{ vmNames: ['web', 'db'], untilMs: NOW + HOUR, sinceMs: NOW - 5 * HOUR }])
  })

  it('is the observation of whoever began it, until its VMs are in a wave', () => {
    expect(kinds('olivia', 'CUSTOMER_OPERATOR', { estimates: [estimate()] })).toEqual(['READ_ESTIMATE'])
    expect(kinds('oscar', 'CUSTOMER_OPERATOR', { estimates: [estimate()] })).toEqual([])
    expect(kinds('olivia', 'CUSTOMER_OPERATOR', { estimates: [estimate({ planned: true })] })).toEqual([])
  })

  it('has first what ends first, then what is oldest', () => {
    const items = inboxOf({ id: 'oscar', role: 'CUSTOMER_OPERATOR' }, facts({
      bookings: [booking({ status: 'COUNTER_OFFERED', waveId: 'other' })],
      migrations: [migration({ waitReason: 'CUTOVER_FAILED', sinceMs: NOW - HOUR }), migration({ waveId: 'v', sinceMs: NOW - 2 * HOUR })],
    }), NOW)
    expect(items.map(({ kind }) => kind)).toEqual(['ANSWER_OFFER', 'BOOK_WINDOW', 'CUTOVER_FAILED'])
  })
})

describe('a shipment', () => {
  const DAY_MS = 86_400_000
  const shipment = (status: ShipmentStatus, more: Partial<InboxShipment> = {}): InboxShipment => ({ id: 's', waveId: 'w', waveName: 'Web', tenantName: 'Alpine', status, sinceMs: 1, expectedAtMs: null, exportHeld: false, importRefused: false, ...more })
  const kinds = (role: UserRole, one: InboxShipment, nowMs = 2 * DAY_MS) => inboxOf({ id: 'p', role }, { bookings: [], migrations: [], estimates: [], shipments: [one] }, nowMs).map(({ kind, id }) => `${kind} ${id}`)
  it.each<[string, InboxShipment, string[], string[]]>([
    ['is being written', shipment('PREPARING'), [], []],
    ['has no room', shipment('PREPARING', { exportHeld: true }), ['EXPORT_HELD s'], []],
    ['is prepared', shipment('PREPARED'), ['HAND_OVER_DISKS s'], []],
    ['is on its way', shipment('HANDED_OVER', { expectedAtMs: 3 * DAY_MS }), [], []],
    ['is late', shipment('HANDED_OVER', { expectedAtMs: DAY_MS }), ['DISKS_LATE s'], ['RECEIVE_DISKS s']],
    ['has arrived', shipment('RECEIVED'), [], ['IMPORT_DISKS s']],
    ['is being read', shipment('IMPORTING'), [], []],
    ['is refused', shipment('IMPORTING', { importRefused: true }), [], ['DISKS_REFUSED s']],
    ['is read', shipment('IMPORTED'), [], []],
  ])('that %s waits on whoever has it', (_name, one, customer, staff) => {
    expect(kinds('CUSTOMER_OPERATOR', one)).toEqual(customer)
    for (const role of ['PROVIDER_SCHEDULER', 'PROVIDER_ADMIN', 'PROVIDER_OPERATOR'] as const) expect(kinds(role, one)).toEqual(staff)
    for (const role of ['CUSTOMER_VIEWER', 'CUSTOMER_APPROVER', 'PROVIDER_VIEWER'] as const) expect(kinds(role, one)).toEqual([])
  })
})
