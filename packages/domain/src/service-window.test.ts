import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DomainError } from './errors.ts'
import { FURTHEST_AHEAD_MS, LONGEST_WINDOW_MS, SHORTEST_WINDOW_MS, START_TOLERANCE_MS, checkBookable, defaultLockoutMs, windowAt } from './service-window.ts'

const NOW = 1_800_000_000_000
const window = (startsInMs: number, lengthMs: number) => {
  const startsAtMs = NOW + startsInMs
  const endsAtMs = startsAtMs + lengthMs
  return { startsAtMs, endsAtMs, lockoutAtMs: defaultLockoutMs(startsAtMs, endsAtMs) }
}
const anyWindow = fc.record({ startsInMs: fc.integer({ min: -LONGEST_WINDOW_MS, max: LONGEST_WINDOW_MS }), lengthMs: fc.integer({ min: SHORTEST_WINDOW_MS, max: LONGEST_WINDOW_MS }) })

function refusal(startsInMs: number, lengthMs: number): string | null {
  try {
    checkBookable(window(startsInMs, lengthMs), NOW)
    return null
  } catch (error) {
    if (error instanceof DomainError) return error.code
    throw error
  }
}

describe('checkBookable', () => {
  it.each<[string, number, number, string | null]>([
    ['now, shortest', 0, SHORTEST_WINDOW_MS, null],
    ['a moment ago still means now', -START_TOLERANCE_MS, SHORTEST_WINDOW_MS, null],
    ['in the past', -START_TOLERANCE_MS - 1, SHORTEST_WINDOW_MS, 'WINDOW_IN_THE_PAST'],
    ['too short', 0, SHORTEST_WINDOW_MS - 1, 'WINDOW_TOO_SHORT'],
    ['ends before it starts', 0, -1, 'WINDOW_TOO_SHORT'],
    ['not a time', Number.NaN, SHORTEST_WINDOW_MS, 'WINDOW_TOO_SHORT'],
    ['longest', 0, LONGEST_WINDOW_MS, null],
    ['too long', 0, LONGEST_WINDOW_MS + 1, 'WINDOW_TOO_LONG'],
    ['a year ahead', FURTHEST_AHEAD_MS, SHORTEST_WINDOW_MS, null],
    ['too far ahead', FURTHEST_AHEAD_MS + 1, SHORTEST_WINDOW_MS, 'WINDOW_TOO_FAR'],
  ])('%s', (_name, startsInMs, lengthMs, code) => expect(refusal(startsInMs, lengthMs)).toBe(code))

  it('refuses a lockout outside the window', () => {
    expect(() => checkBookable({ ...window(0, SHORTEST_WINDOW_MS), lockoutAtMs: NOW - 1 }, NOW)).toThrow('lockout')
  })
})

describe('windowAt', () => {
  it('is OPEN only inside, before the lockout, and with room for what is needed', () => {
    fc.assert(fc.property(anyWindow, fc.integer({ min: -LONGEST_WINDOW_MS, max: 2 * LONGEST_WINDOW_MS }), fc.integer({ min: 0, max: 100_000 }), ({ startsInMs, lengthMs }, afterMs, neededSeconds) => {
      const booked = window(startsInMs, lengthMs)
      const nowMs = NOW + afterMs
      const open = nowMs >= booked.startsAtMs && nowMs < booked.lockoutAtMs && nowMs + neededSeconds * 1000 <= booked.endsAtMs
      expect(windowAt(booked, nowMs, neededSeconds) === 'OPEN').toBe(open)
    }))
  })
  it('only ever goes forward as time passes', () => {
    const order = ['NOT_YET', 'OPEN', 'DOES_NOT_FIT', 'LOCKED_OUT', 'OVER']
    fc.assert(fc.property(anyWindow, fc.integer({ min: 0, max: 10_000 }), fc.array(fc.integer({ min: -LONGEST_WINDOW_MS, max: 2 * LONGEST_WINDOW_MS }), { minLength: 2 }), ({ startsInMs, lengthMs }, neededSeconds, instants) => {
      const ranks = instants.toSorted((a, b) => a - b).map((afterMs) => order.indexOf(windowAt(window(startsInMs, lengthMs), NOW + afterMs, neededSeconds)))
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
    }))
  })
  it('ends where it ends: the last millisecond belongs to nobody', () => {
    const booked = window(0, SHORTEST_WINDOW_MS)
    expect(windowAt(booked, booked.endsAtMs - 1, 0)).toBe('LOCKED_OUT')
    expect(windowAt(booked, booked.endsAtMs, 0)).toBe('OVER')
    expect(windowAt(booked, booked.startsAtMs - 1, 0)).toBe('NOT_YET')
    expect(windowAt(booked, booked.startsAtMs, 0)).toBe('OPEN')
  })
})

describe('defaultLockoutMs', () => {
  it('lies inside the window and leaves at most half an hour', () => {
    fc.assert(fc.property(anyWindow, ({ startsInMs, lengthMs }) => {
      const { startsAtMs, endsAtMs, lockoutAtMs } = window(startsInMs, lengthMs)
      expect(lockoutAtMs).toBeGreaterThan(startsAtMs)
      expect(lockoutAtMs).toBeLessThan(endsAtMs)
      expect(endsAtMs - lockoutAtMs).toBeLessThanOrEqual(30 * 60_000)
    }))
  })
})
