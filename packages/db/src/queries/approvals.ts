import { DEFAULT_APPROVAL_POLICY, MIGRATION_ENDED, NO_APPROVAL_NEEDED, cutoverPlan, diffPlans, isProviderRole, judgeApprovals, mayApprove, serviceWindowOf, windowAt } from '@driftless/domain'
import type { ApprovalPolicy, BookedTestView, CutoverPlan, Judgement, Word } from '@driftless/domain'
import type { Booking } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { databaseNow } from './clock.ts'
import { cutoverPlanHash, readCutoverPlan, readPresentBooking } from './cutover-plan.ts'
import { SITE_ZONE, siteZoneOf } from './site-zone.ts'

/** More than a wave's people say in one window; what came before is in the audit log. */
const MOST_WORDS = 500
/** Who may say go is shown by name up to here. */
const MOST_APPROVERS = 50

/** A customer's rule of who must say go; the default where none was set. */
export async function readApprovalPolicy(tx: ScopedTx, tenantId: string): Promise<ApprovalPolicy> {
  return policyOf(await tx.db.approvalPolicy.findUnique({ where: { tenantId } }))
}

function policyOf(row: ApprovalPolicy | null | undefined): ApprovalPolicy {
  if (!row) return DEFAULT_APPROVAL_POLICY
  const { roles, personIds, needed, ownRequest, waitMinutes, expiresHours, testsNeedGo } = row
  return { roles, personIds, needed, ownRequest, waitMinutes, expiresHours, testsNeedGo }
}

/** Every rule in scope with its customer's people, for the page that shows or sets them. */
export async function listApprovalPolicies(tx: ScopedTx) {
  const tenants = await tx.db.tenant.findMany({ orderBy: { name: 'asc' }, select: { id: true, name: true } })
  const people = await tx.db.user.findMany({ where: { tenantId: { in: tenants.map(({ id }) => id) }, deactivatedAt: null }, select: { id: true, name: true, role: true, tenantId: true }, orderBy: { name: 'asc' } })
  const policies = await tx.db.approvalPolicy.findMany({ where: { tenantId: { in: tenants.map(({ id }) => id) } } })
  return tenants.map(({ id, name }) => ({
    tenantId: id, tenantName: name, policy: policyOf(policies.find(({ tenantId }) => tenantId === id)),
    people: people.filter(({ tenantId }) => tenantId === id).map((person) => ({ id: person.id, name: person.name, role: person.role })),
  }))
}

type BookingOfPlan = Pick<Booking, 'id' | 'waveId' | 'tenantId' | 'kind' | 'requestedById' | 'startsAt' | 'lockoutAt' | 'endsAt'>

/** What has been said for a booking, oldest first, each word with its author's role as it is now. */
async function readWords(tx: ScopedTx, booking: BookingOfPlan) {
  const rows = (await tx.db.goNoGo.findMany({ where: { bookingId: booking.id }, orderBy: [{ decidedAt: 'desc' }, { id: 'desc' }], take: MOST_WORDS })).toReversed()
  const people = await tx.db.user.findMany({ where: { id: { in: [...new Set(rows.map(({ decidedById }) => decidedById))] } }, select: { id: true, name: true, role: true, tenantId: true, deactivatedAt: true } })
  return rows.map((row) => {
    const person = people.find(({ id }) => id === row.decidedById)
    const there = person !== undefined && person.deactivatedAt === null && person.tenantId === booking.tenantId && !isProviderRole(person.role)
    const word: Word = { id: row.id, decision: row.decision, personId: row.decidedById, role: there ? person.role : null, saidAtMs: row.decidedAt.getTime(), planHash: row.planHash }
    return { row, word, name: person?.name ?? null }
  })
}

/** What was said for the window in which a wave ended, latest first; none while it is under way: then only a present window's words count. */
async function readLastWords(tx: ScopedTx, waveId: string, viewerId: string) {
  if ((await tx.db.migration.count({ where: { waveId, status: { notIn: [...MIGRATION_ENDED] } } })) > 0) return []
  const booking = await tx.db.booking.findFirst({ where: { waveId, status: 'DONE', kind: 'CUTOVER' }, orderBy: [{ startsAt: 'desc' }, { id: 'desc' }] })
  if (booking === null) return []
  return (await readWords(tx, booking)).map(({ row, name }) => ({ id: row.id, decision: row.decision, reason: row.reason, at: row.decidedAt, byName: name, mine: row.decidedById === viewerId, standing: null, voided: null, changes: null })).toReversed()
}

/** What all approvals of a booking come to, with the plan they are held against. */
export async function readJudgement(tx: ScopedTx, booking: BookingOfPlan): Promise<{ readonly policy: ApprovalPolicy; readonly plan: CutoverPlan; readonly planHash: string; readonly words: Awaited<ReturnType<typeof readWords>>; readonly judgement: Judgement; readonly now: Date }> {
  const policy = await readApprovalPolicy(tx, booking.tenantId)
  const plan = await readCutoverPlan(tx, booking.waveId, booking)
  const planHash = cutoverPlanHash(plan)
  const words = await readWords(tx, booking)
  const now = await databaseNow(tx)
  const judgement = booking.kind === 'TEST' && !policy.testsNeedGo ? NO_APPROVAL_NEEDED : judgeApprovals(policy, words.map(({ word }) => word), planHash, booking.requestedById, now.getTime())
  return { policy, plan, planHash, words, judgement, now }
}

/** The booked test boot of a wave as one of its VMs looks at it; null: none is booked. */
export async function readBookedTest(tx: ScopedTx, waveId: string, migrationId: string): Promise<{ readonly booking: Booking; readonly view: BookedTestView } | null> {
  const booking = await readPresentBooking(tx, waveId, 'TEST')
  if (booking === null) return null
  const { judgement, now } = await readJudgement(tx, booking)
  const done = (await tx.db.testBoot.count({ where: { migrationId, startedAt: { gte: booking.startsAt } } })) > 0
  const window = windowAt(serviceWindowOf(booking), now.getTime(), 0)
  return { booking, view: { bookingStatus: booking.status, window, goNoGo: judgement.verdict === 'WAITING' ? null : judgement.verdict, done } }
}

/**
 * A wave's approvals as its page shows them, to this person: those of the booking of this kind, with ANY of the one that counts first. Null when
 * the scope knows no such wave.
 */
export async function readWaveApprovals(tx: ScopedTx, waveId: string, viewerId: string, kind: Booking['kind'] | 'ANY' = 'ANY') {
  const wave = await tx.db.wave.findUnique({ where: { id: waveId }, select: { id: true, tenantId: true, destination: { select: { targetSite: { select: SITE_ZONE } } } } })
  if (!wave) return null
  const siteZone = siteZoneOf(wave.destination.targetSite)
  const booking = await readPresentBooking(tx, wave.id, kind)
  const people = await tx.db.user.findMany({ where: { tenantId: wave.tenantId, deactivatedAt: null }, select: { id: true, name: true, role: true }, orderBy: { name: 'asc' } })
  if (booking === null) {
    const [policy, plan] = [await readApprovalPolicy(tx, wave.tenantId), await readCutoverPlan(tx, wave.id, null)]
    return { policy, plan, planHash: cutoverPlanHash(plan), siteZone, booking: null, judgement: null, words: await readLastWords(tx, wave.id, viewerId), mayStill: people.filter((person) => mayApprove(policy, person)).slice(0, MOST_APPROVERS).map(({ id, name }) => ({ id, name })), namedPeople: namesOf(policy, people), viewer: 'NOT_APPROVER' as const, now: await databaseNow(tx) }
  }
  const { policy, plan, planHash, words, judgement, now } = await readJudgement(tx, booking)
  const counted = new Set(judgement.words.filter(({ standing }) => standing === 'COUNTS').map(({ id }) => words.find(({ row }) => row.id === id)?.row.decidedById))
  const may = (person: { readonly id: string; readonly role: (typeof people)[number]['role'] }) => mayApprove(policy, person) && (policy.ownRequest || person.id !== booking.requestedById)
  const viewer = people.find(({ id }) => id === viewerId)
  return {
    policy, plan, planHash, siteZone, judgement, now,
    booking: { id: booking.id, kind: booking.kind, status: booking.status },
    words: words.map(({ row, name }) => {
      const standing = judgement.words.find(({ id }) => id === row.id)
      const seen = cutoverPlan.safeParse(row.plan)
      return {
        id: row.id, decision: row.decision, reason: row.reason, at: row.decidedAt, byName: name, mine: row.decidedById === viewerId, standing: standing?.standing ?? null, voided: standing?.standing === 'VOID' ? standing.reason : null,
        /** What has changed since they looked; null: nothing, or it is not known what they saw. */
        changes: row.planHash !== planHash && seen.success ? diffPlans(seen.data, plan) : null,
      }
    }).toReversed(),
    mayStill: people.filter((person) => may(person) && !counted.has(person.id)).slice(0, MOST_APPROVERS).map(({ id, name }) => ({ id, name })),
    namedPeople: namesOf(policy, people),
    viewer: viewer === undefined || !mayApprove(policy, viewer) ? ('NOT_APPROVER' as const) : may(viewer) ? ('MAY' as const) : ('OWN_REQUEST' as const),
  }
}
export type WaveApprovals = NonNullable<Awaited<ReturnType<typeof readWaveApprovals>>>

const namesOf = (policy: ApprovalPolicy, people: readonly { readonly id: string; readonly name: string }[]) => people.filter(({ id }) => policy.personIds.includes(id)).map(({ name }) => name)
