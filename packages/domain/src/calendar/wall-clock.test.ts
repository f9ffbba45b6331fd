import { describe, expect, it } from 'vitest'
import { addDays, addMonths, dateAt, datesAround, dayStartMs, instantOfWallTime, mondayOf, wallTimeAt } from './wall-clock.ts'

const ZURICH = 'Europe/Zurich'
const at = (text: string) => Date.parse(text)

describe('clocks on walls', () => {
  it('are read and set in their zone', () => {
    expect(wallTimeAt(at('2026-12-01T20:15:42Z'), ZURICH)).toBe('2026-12-01T21:15')
    expect(instantOfWallTime('2026-12-01T21:15', ZURICH)).toBe(at('2026-12-01T20:15:00Z'))
    expect(dateAt(at('2026-12-01T23:30:00Z'), ZURICH)).toBe('2026-12-02')
  })

  it.each([
    ['a time that they leave out is the first instant after the jump', '2026-03-29T02:30', '2026-03-29T01:00:00Z'],
    ['a time that they show twice is the earlier one', '2026-10-25T02:30', '2026-10-25T00:30:00Z'],
  ])('jump: %s', (_, typed, instant) => expect(instantOfWallTime(typed, ZURICH)).toBe(at(instant)))

  it.each(['', '2026-02-30T10:00', '2026-02-03', 'soon', '2026-02-03T24:00'])('%j is no time', (typed) => expect(instantOfWallTime(typed, ZURICH)).toBeNull())

  it('know when a day begins, also where midnight is left out', () => {
    expect(dayStartMs('2026-03-29', ZURICH)).toBe(at('2026-03-28T23:00:00Z'))
    expect(dayStartMs('2026-03-08', 'America/Havana')).toBe(at('2026-03-08T05:00:00Z'))
  })
})

describe('dates of a calendar’s page', () => {
  it('are whole weeks from Monday on', () => {
    expect(mondayOf('2026-11-29')).toBe('2026-11-23')
    expect(datesAround('week', '2026-11-29')).toEqual(['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28', '2026-11-29'])
    const month = datesAround('month', '2026-11-29')
    expect([month.length, month[0], month.at(-1)]).toEqual([42, '2026-10-26', '2026-12-06'])
  })

  it('are counted over months and years', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addMonths('2027-01-31', 1)).toBe('2027-02-28')
  })
})
