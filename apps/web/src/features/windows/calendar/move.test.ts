import { expect, it } from 'vitest'
import { placeAfter } from './move.ts'

/** A Wednesday. */
const PLACE = { date: '2026-12-30', hour: 20 }

it.each([
  ['ArrowLeft', '2026-12-29', 20], ['ArrowRight', '2026-12-31', 20], ['ArrowUp', '2026-12-30', 19], ['ArrowDown', '2026-12-30', 21],
  ['Home', '2026-12-28', 20], ['End', '2027-01-03', 20], ['PageUp', '2026-12-23', 20], ['PageDown', '2027-01-06', 20],
])('week: %s leads to %s, %d h', (key, date, hour) => expect(placeAfter('week', PLACE, key)).toEqual({ date, hour }))

it.each([
  ['ArrowLeft', '2026-12-29'], ['ArrowRight', '2026-12-31'], ['ArrowUp', '2026-12-23'], ['ArrowDown', '2027-01-06'],
  ['Home', '2026-12-28'], ['End', '2027-01-03'], ['PageUp', '2026-11-30'], ['PageDown', '2027-01-30'],
])('month: %s leads to %s', (key, date) => expect(placeAfter('month', PLACE, key)?.date).toBe(date))

it('stays within the day’s hours', () => {
  expect(placeAfter('week', { date: '2026-12-30', hour: 0 }, 'ArrowUp')?.hour).toBe(0)
  expect(placeAfter('week', { date: '2026-12-30', hour: 23 }, 'ArrowDown')?.hour).toBe(23)
})

it('leaves other keys alone', () => expect(placeAfter('week', PLACE, 'Tab')).toBeNull())
