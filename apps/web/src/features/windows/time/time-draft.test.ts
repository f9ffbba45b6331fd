import fc from 'fast-check'
import { expect, it } from 'vitest'
import { atSending, isLeftOut, newTimeDraft, ownTimeOf, startNow } from './time-draft.ts'

const ZURICH = 'Europe/Zurich'
const HOUR_MS = 3_600_000
const at = (text: string) => new Date(text)
const NOW = at('2026-12-01T08:12:00Z')

it('begins with an hour from the next full one on, in whatever the site offers', () => {
  expect(newTimeDraft(NOW, ZURICH)).toEqual({ mode: null, slotKey: null, starts: '2026-12-01T10:00', ends: '2026-12-01T11:00', nowMs: null })
})

it('begins with what was chosen in the calendar', () => {
  expect(newTimeDraft(NOW, ZURICH, { slotKey: 'a' })).toMatchObject({ mode: 'slot', slotKey: 'a' })
  expect(newTimeDraft(NOW, ZURICH, { startsAt: at('2026-12-04T13:00:00Z') })).toMatchObject({ mode: 'own', starts: '2026-12-04T14:00', ends: '2026-12-04T15:00' })
})

it('“now” is the moment of sending, however long the form was open', () => {
  const draft = startNow(newTimeDraft(NOW, ZURICH), NOW, ZURICH)
  const own = ownTimeOf(draft, ZURICH)
  expect(own).toEqual({ startsAt: NOW, endsAt: at('2026-12-01T09:12:00Z') })
  const later = at('2026-12-01T08:30:00Z')
  expect(own && atSending(own, draft, later)).toEqual({ startsAt: later, endsAt: at('2026-12-01T09:30:00Z') })
  expect(own && atSending(own, { ...draft, nowMs: null }, later)).toEqual(own)
})

it('is no time that ends before it starts, or is not there', () => {
  expect(ownTimeOf({ ...newTimeDraft(NOW, ZURICH), ends: '2026-12-01T09:00' }, ZURICH)).toBeNull()
  expect(ownTimeOf({ ...newTimeDraft(NOW, ZURICH), starts: '' }, ZURICH)).toBeNull()
})

it('knows what the clock leaves out', () => {
  expect(isLeftOut('2026-03-29T02:30', ZURICH)).toBe(true)
  expect(isLeftOut('2026-03-29T02:30', 'UTC')).toBe(false)
})

// Summer time ends at 01:00 UTC: 02:00 to 03:00 is shown twice.
it.each([
  ['in the hour before', '2026-10-24T23:30:00Z', 1],
  ['in the first of the two', '2026-10-25T00:30:00Z', 2],
  ['in the second', '2026-10-25T01:30:00Z', 1],
])('“now” %s of a night in which the clock goes back is a window that can be booked', (_when, now, hours) => {
  const own = ownTimeOf(startNow(newTimeDraft(at(now), ZURICH), at(now), ZURICH), ZURICH)
  expect(own?.startsAt).toEqual(at(now))
  expect((Number(own?.endsAt) - Number(own?.startsAt)) / HOUR_MS).toBe(hours)
})

it('what a form begins with can be booked as it is, in every zone and whenever it is opened', () => {
  const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
  const moments = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 11, 31) })
  fc.assert(fc.property(zones, moments, (zone, atMs) => {
    const now = new Date(atMs)
    for (const draft of [newTimeDraft(now, zone), startNow(newTimeDraft(now, zone), now, zone)]) {
      const own = ownTimeOf(draft, zone)
      if (own === null) throw new Error(`${zone} at ${now.toISOString()}: ${draft.starts} to ${draft.ends} is no time.`)
      expect(own.startsAt.getTime()).toBeGreaterThanOrEqual(atMs)
      expect(own.startsAt.getTime() - atMs).toBeLessThanOrEqual(3 * HOUR_MS)
      expect(own.endsAt.getTime() - own.startsAt.getTime()).toBeGreaterThan(HOUR_MS - 60_000)
      expect(own.endsAt.getTime() - own.startsAt.getTime()).toBeLessThanOrEqual(3 * HOUR_MS)
    }
  }), { numRuns: 500 })
})
