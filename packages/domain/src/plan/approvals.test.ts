import { describe, expect, test } from 'vitest'
import { DEFAULT_APPROVAL_POLICY, judgeApprovals, whatIsMissing } from './approvals.ts'
import type { ApprovalPolicy, Judgement, Word } from './approvals.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = Date.UTC(2026, 10, 29, 20)
const BOOKER = 'olivia'
const PLAN = 'the plan'

const policy = (part: Partial<ApprovalPolicy> = {}): ApprovalPolicy => ({ ...DEFAULT_APPROVAL_POLICY, ...part })
const two = policy({ needed: 2 })
/** A word as it is told in one line: who, what, and how long ago. */
const says = (personId: string, decision: 'GO' | 'NO_GO', part: Partial<Word> & { minutesAgo?: number } = {}): Word => {
  const { minutesAgo = 1, ...rest } = part
  return { id: `${personId} ${decision} ${minutesAgo}`, decision, personId, role: 'CUSTOMER_APPROVER', saidAtMs: NOW - minutesAgo * MINUTE, planHash: PLAN, ...rest }
}
const judge = (rule: ApprovalPolicy, words: readonly Word[], nowMs = NOW) => judgeApprovals(rule, words, PLAN, BOOKER, nowMs)
const standings = ({ words }: Judgement) => words.map((word) => (word.standing === 'VOID' ? word.reason : word.standing))

describe('what approvals come to', () => {
  test.each<[string, ApprovalPolicy, Word[], Judgement['verdict'], number, string[]]>([
    ['nobody has spoken', policy(), [], 'WAITING', 1, []],
    ['one go of one', policy(), [says('anna', 'GO')], 'GO', 0, ['COUNTS']],
    ['one go of two', two, [says('anna', 'GO')], 'WAITING', 1, ['COUNTS']],
    ['two of two', two, [says('anna', 'GO', { minutesAgo: 2 }), says('ben', 'GO')], 'GO', 0, ['COUNTS', 'COUNTS']],
    ['the same person twice counts once', two, [says('anna', 'GO', { minutesAgo: 2 }), says('anna', 'GO')], 'WAITING', 1, ['REPLACED', 'COUNTS']],
    ['a no-go stops', policy(), [says('anna', 'NO_GO')], 'NO_GO', 1, ['STOPS']],
    ['a no-go after a go stops', policy(), [says('anna', 'GO', { minutesAgo: 2 }), says('ben', 'NO_GO')], 'NO_GO', 1, ['OVERRULED', 'STOPS']],
    ['its author takes a no-go back', policy(), [says('anna', 'NO_GO', { minutesAgo: 2 }), says('anna', 'GO')], 'GO', 0, ['REPLACED', 'COUNTS']],
    ['its author takes it back, and an older go counts again', two, [says('anna', 'GO', { minutesAgo: 3 }), says('ben', 'NO_GO', { minutesAgo: 2 }), says('ben', 'GO')], 'GO', 0, ['COUNTS', 'REPLACED', 'COUNTS']],
    ['enough others overrule a no-go', policy(), [says('anna', 'NO_GO', { minutesAgo: 2 }), says('ben', 'GO')], 'GO', 0, ['OVERRULED', 'COUNTS']],
    ['not enough others do not', two, [says('ben', 'GO', { minutesAgo: 3 }), says('anna', 'NO_GO', { minutesAgo: 2 }), says('cleo', 'GO')], 'NO_GO', 1, ['OVERRULED', 'STOPS', 'COUNTS']],
    ['a changed plan voids a go', policy(), [says('anna', 'GO', { planHash: 'another plan' })], 'WAITING', 1, ['PLAN_CHANGED']],
    ['a go from before plans were kept is void', policy(), [says('anna', 'GO', { planHash: null })], 'WAITING', 1, ['PLAN_CHANGED']],
    ['a changed plan lifts no no-go', policy(), [says('anna', 'NO_GO', { planHash: 'another plan' })], 'NO_GO', 1, ['STOPS']],
    ['nobody approves their own request', policy({ roles: ['CUSTOMER_OPERATOR'] }), [says(BOOKER, 'GO', { role: 'CUSTOMER_OPERATOR' })], 'WAITING', 1, ['OWN_REQUEST']],
    ['unless the policy says so', policy({ roles: ['CUSTOMER_OPERATOR'], ownRequest: true }), [says(BOOKER, 'GO', { role: 'CUSTOMER_OPERATOR' })], 'GO', 0, ['COUNTS']],
    ['a role that was lost', policy(), [says('anna', 'GO', { role: 'CUSTOMER_VIEWER' })], 'WAITING', 1, ['NOT_APPROVER']],
    ['somebody who was shut out, though named', policy({ personIds: ['anna'] }), [says('anna', 'GO', { role: null })], 'WAITING', 1, ['NOT_APPROVER']],
    ['somebody who is named, whatever their role', policy({ roles: [], personIds: ['vera'] }), [says('vera', 'GO', { role: 'CUSTOMER_VIEWER' })], 'GO', 0, ['COUNTS']],
    ['a no-go of somebody who lost their role still stops', policy(), [says('anna', 'NO_GO', { role: 'CUSTOMER_VIEWER' })], 'NO_GO', 1, ['STOPS']],
    ['the last minute before a go expires', policy({ expiresHours: 1 }), [says('anna', 'GO', { minutesAgo: 59 })], 'GO', 0, ['COUNTS']],
    ['the moment a go expires', policy({ expiresHours: 1 }), [says('anna', 'GO', { minutesAgo: 60 })], 'WAITING', 1, ['EXPIRED']],
    ['of two, the older expires', policy({ needed: 2, expiresHours: 1 }), [says('anna', 'GO', { minutesAgo: 61 }), says('ben', 'GO')], 'WAITING', 1, ['EXPIRED', 'COUNTS']],
    ['the wait time runs', policy({ waitMinutes: 10 }), [says('anna', 'GO', { minutesAgo: 9 })], 'WAITING', 0, ['COUNTS']],
    ['the wait time is over', policy({ waitMinutes: 10 }), [says('anna', 'GO', { minutesAgo: 10 })], 'GO', 0, ['COUNTS']],
    ['it runs from the last needed go, not from a later one', policy({ needed: 2, waitMinutes: 10 }), [says('anna', 'GO', { minutesAgo: 30 }), says('ben', 'GO', { minutesAgo: 12 }), says('cleo', 'GO')], 'GO', 0, ['COUNTS', 'COUNTS', 'COUNTS']],
  ])('%s', (_, rule, words, verdict, missing, expected) => {
    const judgement = judge(rule, words)
    expect({ verdict: judgement.verdict, missing: judgement.missing }).toEqual({ verdict, missing })
    expect(standings(judgement)).toEqual(expected)
  })

  test('says from when a go counts and until when', () => {
    const rule = policy({ needed: 2, waitMinutes: 10, expiresHours: 2 })
    const words = [says('anna', 'GO', { minutesAgo: 50 }), says('ben', 'GO', { minutesAgo: 40 }), says('cleo', 'GO', { minutesAgo: 20 })]
    // With three of two, the oldest may expire: two are left.
    expect(judge(rule, words)).toMatchObject({ countsFromMs: NOW - 30 * MINUTE, expiresAtMs: NOW - 40 * MINUTE + 2 * HOUR })
    expect(judge(rule, words, NOW - 40 * MINUTE + 2 * HOUR).verdict).toBe('WAITING')
    expect(judge(rule, words.slice(0, 1))).toMatchObject({ countsFromMs: null, expiresAtMs: null })
  })

  test.each<[string, ApprovalPolicy, Word[], RegExp | null]>([
    ['nothing once it is decided', policy(), [says('anna', 'GO')], null],
    ['nothing beyond the reason where one go is all', policy(), [], null],
    ['how many are missing', two, [says('anna', 'GO')], /^1 of 2 goes are missing\.$/],
    ['until when it waits, in UTC', policy({ waitMinutes: 10 }), [says('anna', 'GO', { minutesAgo: 0 })], /over at 2026-11-29 20:10 UTC/],
    ['that the plan changed', policy(), [says('anna', 'GO', { planHash: 'another' })], /plan changed after the go.*Say go again/],
    ['that a go expired', policy({ expiresHours: 1 }), [says('anna', 'GO', { minutesAgo: 90 })], /expired.*Say go again/],
  ])('says %s', (_, rule, words, said) => {
    const text = whatIsMissing(judge(rule, words))
    if (said === null) expect(text).toBeNull()
    else expect(text).toMatch(said)
  })
})
