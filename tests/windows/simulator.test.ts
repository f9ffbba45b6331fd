/**
 * The cutover contract, played through 2,000 stories with a virtual clock: slow links, growing churn, agents and coordinator lost at each step,
 * guests that refuse, clocks that jump, reports that come late, twice and in another order. The rules are the product's own. A story that
 * fails tells its seed and what happened in it; it is the same whenever it is told.
 */
import { setImmediate } from 'node:timers/promises'
import { SHIPMENT_STATUSES, WAIT_REASONS } from '@driftless/domain'
import { describe, expect, test } from 'vitest'
import { Coverage } from './simulator/coverage.ts'
import { MUTANTS } from './simulator/mutants.ts'
import { play } from './simulator/play.ts'
import { FAULTS, STEPS } from './simulator/story.ts'

const STORIES = 2_000
const STORIES_AT_ONCE = 50
/** Where the promise of a mutant is broken in fewer stories than that, the stories are good enough. */
const STORIES_FOR_MUTANTS = 400

/** These concern tests, agents' storage and hypervisors: not the contract. */
const OF_NO_CONCERN = [
  'SOURCE_HYPERVISOR_PROBLEM', 'TARGET_HYPERVISOR_PROBLEM', 'INSUFFICIENT_SPACE', 'AGENT_PROBLEM', 'TEST_STARTING', 'TESTING', 'TEST_ENDING',
]
const ATTEMPT_ENDS = ['COMMITTED', 'CANCELLED', 'DISKS_DIFFER', 'GUEST_BROKEN', 'LINK_LOST', 'NO_GO', 'ORDER_REFUSED', 'PROOF_WRONG', 'RECORDS_MISSING', 'SHUTDOWN_REFUSED', 'STEP_TOOK_TOO_LONG', 'TARGET_AGENT_LOST', 'WINDOW_CLOSED', 'WINDOW_ENDING']
const MIGRATION_ENDS = ['CANCELLED', 'COMPLETED AT ONCE', 'COMPLETED BY A PERSON', 'COMPLETED BY TIMER', 'ROLLED_BACK', 'WAITS: BOOK_WINDOW', 'WAITS: NOT_CONVERGING', 'WAITS: TARGET_AGENT_AWAY']
const RETURN_BEGINS = ['AS AGREED', 'AS AGREED WITH THE WAY BACK', 'BY A PERSON', 'BY A PERSON WITH THE WAY BACK']
const RETURN_ENDS = ['RETURNED', 'RETURNED AFTER ACCEPTANCE', 'SHUTDOWN_REFUSED', 'SOURCE_AGENT_LOST', 'STEP_TOOK_TOO_LONG']
const BOOKINGS = ['APPROVED', 'COUNTER_OFFERED', 'DONE', 'EXPIRED', 'IN_PROGRESS', 'LOCKED', 'REJECTED', 'WITHDRAWN']
const GUESTS = ['POWERED OFF AS AGREED', 'REFUSED: ABORT', 'REFUSED: WAIT']
const SHIPMENTS = [...SHIPMENT_STATUSES, 'LOST', 'GIVEN UP', 'TAKEN BACK FROM THE WRONG LORRY', 'NOT RECEIVED AFTER ALL', 'CUT OVER AFTER IT TRAVELLED', 'CUT OVER, BY WIRE AFTER ALL']
const GROUPS = ['attempt ends', 'guest', 'went back', 'late, as', 'second reading', 'needs a person', 'return begins', 'return ends', 'migration ends', 'wait', 'booking', 'word', 'billing', 'shipment', 'fault on the way']

describe('the cutover contract', () => {
  test(`holds in ${STORIES} stories, in which all that may go wrong went wrong`, async () => {
    const coverage = new Coverage()
    for (let seed = 1; seed <= STORIES; seed += 1) {
      // The runner hears nothing of a test that never lets go.
      if (seed % STORIES_AT_ONCE === 0) await setImmediate()
      const { failure } = play(seed, undefined, coverage)
      expect(failure?.message, failure?.timeline).toBeUndefined()
    }
    console.log(`${STORIES} stories. What happened in them:\n${coverage.table(GROUPS)}\nWhat went wrong, and where:\n${coverage.matrix('fault', FAULTS, STEPS)}`)
    expect([
      ...FAULTS.flatMap((fault) => coverage.missing('fault', STEPS.map((step) => `${fault} at ${step}`))),
      ...coverage.missing('attempt ends', ATTEMPT_ENDS), ...coverage.missing('went back', ['INSIDE ITS WINDOW', 'NEVER OFF']),
      ...coverage.missing('migration ends', MIGRATION_ENDS), ...coverage.missing('return begins', RETURN_BEGINS), ...coverage.missing('return ends', RETURN_ENDS),
      ...coverage.missing('wait', Object.keys(WAIT_REASONS).filter((reason) => !OF_NO_CONCERN.includes(reason))),
      ...coverage.missing('guest', GUESTS), ...coverage.missing('booking', BOOKINGS), ...coverage.missing('word', ['GO', 'NO_GO', 'PLAN CHANGED']),
      ...coverage.missing('shipment', SHIPMENTS), ...coverage.missing('fault on the way', FAULTS),
      ...coverage.missing('billing', ['SOURCE_ENDED', 'TARGET_STARTED', 'TARGET_ENDED', 'SAID AGAIN']),
    ]).toEqual([])
  })

  test.each(MUTANTS)('is seen to be broken when $name', ({ rules, breaks }) => {
    const rule = () => {
      for (let seed = 1; seed <= STORIES_FOR_MUTANTS; seed += 1) {
        const { failure } = play(seed, rules)
        if (failure !== null) return failure.rule
      }
      return 'nothing'
    }
    expect(breaks).toContain(rule())
  })

  test('is the same story whenever it is told', () => {
    for (const seed of [3, 70, 1543]) expect(play(seed).events).toBe(play(seed).events)
  })
})
