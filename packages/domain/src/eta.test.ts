import { describe, expect, test } from 'vitest'
import { eta } from './eta.ts'

describe('an ETA', () => {
  test.each([
    { of: 'nothing left is done', left: 0, rates: [], said: { p50Seconds: 0, p90Seconds: 0 } },
    { of: 'two samples say nothing yet', left: 100, rates: [10, 10], said: null },
    { of: 'steady rates give one time', left: 100, rates: [10, 10, 10], said: { p50Seconds: 10, p90Seconds: 10 } },
    { of: 'a slow tenth widens the range', left: 100, rates: [1, 10, 10, 10, 10, 10, 10, 10, 10, 10], said: { p50Seconds: 10, p90Seconds: 100 } },
    { of: 'falling behind has no end', left: 100, rates: [-1, -1, -1], said: { p50Seconds: null, p90Seconds: null } },
  ])('$of', ({ left, rates, said }) => expect(eta(left, rates)).toEqual(said))
})
