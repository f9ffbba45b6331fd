import type { UserRole } from '../roles.ts'

/** A customer's rule of who must say go before a source is stopped, like that of a deployment's protected environment. */
export type ApprovalPolicy = {
  /** Who may say it: whoever has one of these roles, or is named. */
  readonly roles: readonly UserRole[]
  readonly personIds: readonly string[]
  /** How many different people must. */
  readonly needed: number
  /** Whether somebody may say it for a window that they asked for themselves. */
  readonly ownRequest: boolean
  /** From the last needed go until the first source may be stopped. */
  readonly waitMinutes: number
  /** After which a go no longer counts; null: at its window's end. */
  readonly expiresHours: number | null
  /** Whether a booked test boot takes a go as well. */
  readonly testsNeedGo: boolean
}

/** One approver, never the person who booked; at once, until the window is over. */
export const DEFAULT_APPROVAL_POLICY: ApprovalPolicy = { roles: ['CUSTOMER_APPROVER'], personIds: [], needed: 1, ownRequest: false, waitMinutes: 0, expiresHours: null, testsNeedGo: false }
/** More than five are a meeting. */
export const MOST_APPROVERS_NEEDED = 5
export const LONGEST_APPROVAL_WAIT_MINUTES = 7 * 24 * 60
export const LONGEST_APPROVAL_HOURS = 365 * 24
export const MOST_NAMED_APPROVERS = 50
/** Roles that a policy may name: who only looks decides nothing unless named, and the provider never decides for its customer. */
export const APPROVING_ROLES = ['CUSTOMER_APPROVER', 'CUSTOMER_OPERATOR'] as const satisfies readonly UserRole[]

/** What one person said. */
export type Word = {
  readonly id: string
  readonly decision: 'GO' | 'NO_GO'
  readonly personId: string
  /** As of now; null: they are no longer with the customer, or were shut out. */
  readonly role: UserRole | null
  readonly saidAtMs: number
  /** Of the plan that they saw; null: said before plans were kept. */
  readonly planHash: string | null
}

export type VoidReason = 'PLAN_CHANGED' | 'EXPIRED' | 'OWN_REQUEST' | 'NOT_APPROVER'
/**
 * COUNTS, or STOPS: a no-go that holds. REPLACED: the same person said something since. OVERRULED: a no-go that enough others have
 * said go after, or a go that a no-go came after. VOID: a go that holds no more.
 */
export type Standing = { readonly id: string; readonly standing: 'COUNTS' | 'STOPS' | 'REPLACED' | 'OVERRULED' } | { readonly id: string; readonly standing: 'VOID'; readonly reason: VoidReason }

/** What all words come to. Milliseconds since the epoch. */
export type Judgement = {
  readonly verdict: 'GO' | 'NO_GO' | 'WAITING'
  readonly needed: number
  /** How many goes are missing; 0 with WAITING: only the wait time is not over. */
  readonly missing: number
  /** When enough had said go, plus the wait time; null: not enough have. */
  readonly countsFromMs: number | null
  /** When the first of the goes that count expires, so that they are no longer enough; null: not before the window's end. */
  readonly expiresAtMs: number | null
  readonly words: readonly Standing[]
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Whether the policy lets this person say go at all. */
export function mayApprove(policy: ApprovalPolicy, person: { readonly id: string; readonly role: UserRole | null }): boolean {
  return person.role !== null && (policy.roles.includes(person.role) || policy.personIds.includes(person.id))
}

/**
 * What has been decided about a plan, from every word said for its booking (oldest first) and the policy as it is now. Each person's
 * last word is theirs. A go counts while its plan is the present one, it has not expired, and its author still may. A no-go stops
 * until its author says go, or as many others as the policy needs have said go after it; a changed plan does not lift it.
 */
export function judgeApprovals(policy: ApprovalPolicy, words: readonly Word[], planHash: string, requestedById: string, nowMs: number): Judgement {
  const last = new Map(words.map((word, index) => [word.personId, index]))
  const voids = words.map((word) => voidReason(policy, word, planHash, requestedById, nowMs))
  const indexed = words.map((word, index) => ({ word, index, isLast: last.get(word.personId) === index, voided: voids[index] ?? null }))
  const lastNoGo = indexed.findLast(({ word, isLast }) => isLast && word.decision === 'NO_GO')?.index ?? -1
  const good = indexed.filter(({ word, isLast, voided }) => isLast && word.decision === 'GO' && voided === null)
  const after = good.filter(({ index }) => index > lastNoGo)
  const missing = Math.max(0, policy.needed - after.length)
  const stopped = lastNoGo >= 0 && missing > 0
  const decisive = after[policy.needed - 1]
  const countsFromMs = decisive === undefined ? null : decisive.word.saidAtMs + policy.waitMinutes * MINUTE_MS
  return {
    verdict: stopped ? 'NO_GO' : countsFromMs !== null && countsFromMs <= nowMs ? 'GO' : 'WAITING',
    needed: policy.needed, missing, countsFromMs,
    // Those that expire first leave the rest; while enough are left nothing ends.
    expiresAtMs: policy.expiresHours === null || missing > 0 ? null : (after[after.length - policy.needed]?.word.saidAtMs ?? 0) + policy.expiresHours * HOUR_MS,
    words: indexed.map(({ word: { id, decision }, index, isLast, voided }): Standing => {
      if (!isLast) return { id, standing: 'REPLACED' }
      if (decision === 'NO_GO') return { id, standing: stopped ? 'STOPS' : 'OVERRULED' }
      if (voided !== null) return { id, standing: 'VOID', reason: voided }
      return { id, standing: index > lastNoGo ? 'COUNTS' : 'OVERRULED' }
    }),
  }
}

function voidReason(policy: ApprovalPolicy, word: Word, planHash: string, requestedById: string, nowMs: number): VoidReason | null {
  if (!mayApprove(policy, { id: word.personId, role: word.role })) return 'NOT_APPROVER'
  if (word.personId === requestedById && !policy.ownRequest) return 'OWN_REQUEST'
  if (word.planHash !== planHash) return 'PLAN_CHANGED'
  return policy.expiresHours !== null && nowMs >= word.saidAtMs + policy.expiresHours * HOUR_MS ? 'EXPIRED' : null
}

/** Nothing has to be said: a booked test boot under a policy that asks for no go. */
export const NO_APPROVAL_NEEDED: Judgement = { verdict: 'GO', needed: 0, missing: 0, countsFromMs: null, expiresAtMs: null, words: [] }

/** What is waited for, in a sentence for people; null: nothing. */
export function whatIsMissing({ verdict, needed, missing, countsFromMs, words }: Judgement): string | null {
  if (verdict !== 'WAITING') return null
  if (missing === 0 && countsFromMs !== null) return `Enough people have said go. The wait time is over at ${new Date(countsFromMs).toISOString().slice(0, 16).replace('T', ' ')} UTC.`
  const lost = words.flatMap((word) => (word.standing === 'VOID' ? [VOIDED[word.reason]] : []))[0]
  if (lost !== undefined) return `${lost} Nothing was stopped. ${needed === 1 ? 'Say go again.' : `${missing} of ${needed} goes are missing: say go again.`}`
  return needed === 1 ? null : `${missing} of ${needed} goes are missing.`
}

const VOIDED: Readonly<Record<VoidReason, string>> = {
  PLAN_CHANGED: 'The plan changed after the go, so the go does not hold for it. Look at the plan.',
  EXPIRED: 'A go was said too long ago and has expired.',
  OWN_REQUEST: 'A go was said by the person who asked for the window, which the approval policy does not take any more.',
  NOT_APPROVER: 'A go was said by somebody who may not say it any more.',
}
