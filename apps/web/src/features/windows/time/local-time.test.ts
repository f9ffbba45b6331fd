import { expect, it } from 'vitest'
import { fromLocalInput, nextHour, overlap, startOfDay, toLocalInput } from './local-time.ts'

it('reads back what it wrote, to the minute', () => {
  const at = new Date(2026, 10, 23, 9, 5, 42)
  expect(toLocalInput(at)).toBe('2026-11-23T09:05')
  expect(fromLocalInput(toLocalInput(at))).toEqual(new Date(2026, 10, 23, 9, 5))
})

it.each(['', '2026-11-23', '2026-13-01T00:00', 'soon'])('%j is no time', (value) => expect(fromLocalInput(value)).toBeNull())

it('goes to the next hour and day', () => {
  expect(nextHour(new Date(2026, 0, 31, 23, 10))).toEqual(new Date(2026, 1, 1))
  expect(startOfDay(new Date(2026, 1, 28, 5), 1)).toEqual(new Date(2026, 2, 1))
})

const day = (from: number, to: number) => ({ startsAt: new Date(2026, 0, 1, from), endsAt: new Date(2026, 0, 1, to) })

it('overlaps only where time is shared', () => {
  expect(overlap(day(1, 3), day(2, 4))).toBe(true)
  expect(overlap(day(1, 2), day(2, 4))).toBe(false)
})
