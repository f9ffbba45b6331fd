import { expect, it } from 'vitest'
import { fromLocalInput, nextHour, overlap, startOfDay, toLocalInput } from './local-time.ts'

const ZURICH = 'Europe/Zurich'
const at = (text: string) => new Date(text)

it('reads back what it wrote, to the minute, whatever the machine’s own zone is', () => {
  expect(toLocalInput(at('2026-11-23T08:05:42Z'), ZURICH)).toBe('2026-11-23T09:05')
  expect(fromLocalInput('2026-11-23T09:05', ZURICH)).toEqual(at('2026-11-23T08:05:00Z'))
  expect(fromLocalInput('2026-11-23T09:05', 'America/New_York')).toEqual(at('2026-11-23T14:05:00Z'))
})

it.each(['', '2026-11-23', '2026-13-01T00:00', '2026-02-30T10:00', 'soon'])('%j is no time', (value) => expect(fromLocalInput(value, ZURICH)).toBeNull())

it('means by a time that the clock leaves out what the site’s calendar means by it', () => expect(fromLocalInput('2026-03-29T02:30', ZURICH)).toEqual(at('2026-03-29T01:00:00Z')))

it('goes to the next hour and day', () => {
  expect(nextHour(at('2026-01-31T22:10:00Z'), ZURICH)).toEqual(at('2026-01-31T23:00:00Z'))
  expect(nextHour(at('2026-01-31T22:00:00Z'), ZURICH)).toEqual(at('2026-01-31T23:00:00Z'))
  expect(nextHour(at('2026-01-31T22:10:00Z'), 'Asia/Kolkata')).toEqual(at('2026-01-31T22:30:00Z'))
  expect(startOfDay(at('2026-02-28T04:00:00Z'), ZURICH, 1)).toEqual(at('2026-02-28T23:00:00Z'))
  expect(startOfDay(at('2026-03-29T10:00:00Z'), ZURICH, 1)).toEqual(at('2026-03-29T22:00:00Z'))
})

it.each([
  ['the hour that comes twice: the one after both', '2026-10-25T00:10:00Z', ZURICH, '2026-10-25T02:00:00Z'],
  ['the second of them', '2026-10-25T01:10:00Z', ZURICH, '2026-10-25T02:00:00Z'],
  ['half an hour that comes twice', '2026-04-04T14:45:00Z', 'Australia/Lord_Howe', '2026-04-04T15:30:00Z'],
  ['the hour that is left out', '2026-03-29T00:10:00Z', ZURICH, '2026-03-29T01:00:00Z'],
])('the next hour in %s', (_what, now, zone, wanted) => expect(nextHour(at(now), zone)).toEqual(at(wanted)))

const day = (from: number, to: number) => ({ startsAt: new Date(2026, 0, 1, from), endsAt: new Date(2026, 0, 1, to) })

it('overlaps only where time is shared', () => {
  expect(overlap(day(1, 3), day(2, 4))).toBe(true)
  expect(overlap(day(1, 2), day(2, 4))).toBe(false)
})
