import { expect, test } from 'vitest'
import { LONGEST_MOMENT_MS, dueInMs } from './round-schedule.ts'
import type { RoundFacts } from './round-schedule.ts'

const facts: RoundFacts = { ageMs: 0, leastRoundMs: 60_000, lastRoundMs: 1_000, replicated: true, caughtUp: true, whileOff: false }

test.each<[string, Partial<RoundFacts>, number]>([
  ['a minute after the last, once every copy has caught up', {}, 60_000],
  ['less of it is left as time passes', { ageMs: 45_000 }, 15_000],
  ['now, when it has passed', { ageMs: 61_000 }, 0],
  ['a slow round is rested from ten times as long as it took', { lastRoundMs: 20_000 }, 200_000],
  ['a copy that has not caught up gets time, but not for ever', { caughtUp: false, ageMs: 60_000 }, LONGEST_MOMENT_MS - 60_000],
  ['an old moment goes, whatever is still to be copied from it', { caughtUp: false, ageMs: LONGEST_MOMENT_MS }, 0],
  ['nothing changes on a VM that is off', { whileOff: true, ageMs: 120_000 }, LONGEST_MOMENT_MS - 120_000],
  ['a VM that is only observed is seldom stopped', { replicated: false, caughtUp: true }, LONGEST_MOMENT_MS],
  ['however slow the rounds are, a moment does not grow older', { lastRoundMs: LONGEST_MOMENT_MS }, LONGEST_MOMENT_MS],
])('the next round is due: %s', (_, change, expected) => {
  expect(dueInMs({ ...facts, ...change })).toBe(expected)
})
