import { expect, it } from 'vitest'
import { largest, outcomeOf } from './outcome.ts'

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000)
const failed = { status: 'ROLLED_BACK', number: 1, reachedAt: { SOURCE_QUIESCING: at(90), ROLLED_BACK: at(95) }, downtimeSeconds: null }
const committed = { status: 'COMMITTED', number: 2, reachedAt: { SOURCE_QUIESCING: at(100), COMMITTED: at(112.5) }, downtimeSeconds: 4.2 }

it('reads the committed attempt, not the failed one', () => {
  expect(outcomeOf({ startedAt: at(0), readyAt: at(60), sentBytes: 7, attempts: [failed, committed] })).toEqual({ untilReadySeconds: 60, sentBytes: 7, downtimeSeconds: 4.2, cutoverSeconds: 12.5, attempts: 2 })
})

it('knows nothing of what has not happened', () => {
  expect(outcomeOf({ startedAt: at(0), readyAt: null, sentBytes: 0, attempts: [failed] })).toEqual({ untilReadySeconds: null, sentBytes: 0, downtimeSeconds: null, cutoverSeconds: null, attempts: 1 })
})

it.each([[[null, 3, 1], 3], [[null], null], [[], null], [[0, null], 0]])('largest of %j', (values, most) => expect(largest(values)).toBe(most))
