import { expect, it } from 'vitest'
import { atSending, newTimeDraft, ownTimeOf, startNow } from './time-draft.ts'

const NOW = new Date(2026, 11, 1, 9, 12)

it('begins with an hour from the next full one on, in whatever the site offers', () => {
  expect(newTimeDraft(NOW)).toEqual({ mode: null, slotKey: null, starts: '2026-12-01T10:00', ends: '2026-12-01T11:00', now: false })
})

it('begins with what was chosen in the calendar', () => {
  expect(newTimeDraft(NOW, { slotKey: 'a' })).toMatchObject({ mode: 'slot', slotKey: 'a' })
  expect(newTimeDraft(NOW, { startsAt: new Date(2026, 11, 4, 14) })).toMatchObject({ mode: 'own', starts: '2026-12-04T14:00', ends: '2026-12-04T15:00' })
})

it('“now” is the moment of sending, however long the form was open', () => {
  const draft = startNow(newTimeDraft(NOW), NOW)
  const own = ownTimeOf(draft)
  expect(own).toEqual({ startsAt: NOW, endsAt: new Date(2026, 11, 1, 10, 12) })
  const later = new Date(2026, 11, 1, 9, 30)
  expect(own && atSending(own, draft, later)).toEqual({ startsAt: later, endsAt: new Date(2026, 11, 1, 10, 30) })
  expect(own && atSending(own, { ...draft, now: false }, later)).toEqual(own)
})

it('is no time that ends before it starts, or is not there', () => {
  expect(ownTimeOf({ ...newTimeDraft(NOW), ends: '2026-12-01T09:00' })).toBeNull()
  expect(ownTimeOf({ ...newTimeDraft(NOW), starts: '' })).toBeNull()
})
