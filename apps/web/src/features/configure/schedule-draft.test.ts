import { checkSchedule } from '@driftless/domain'
import type { RateSchedule } from '@driftless/domain'
import { describe, expect, it } from 'vitest'
import { faultOf, fromDraft, newLine, parseMbits, parseShare, toDraft, typedShare } from './schedule-draft.ts'

const schedule: RateSchedule = {
  zone: 'Europe/Zurich',
  rules: [{ days: [1, 2, 3, 4, 5], fromMinute: 480, toMinute: 1_080, bytesPerSecond: 2_500_000 }, { days: [5], fromMinute: 1_320, toMinute: 0, bytesPerSecond: null }],
}

describe('a timetable as typed', () => {
  it('comes back as it was', () => {
    expect(toDraft(schedule).map(({ from, to, mbits }) => [from, to, mbits])).toEqual([['08:00', '18:00', '20'], ['22:00', '00:00', '']])
    expect(fromDraft(schedule.zone, toDraft(schedule))).toEqual(schedule)
    expect([fromDraft(schedule.zone, []), toDraft(null)]).toEqual([null, []])
  })
  it('begins with working hours, which are sound', () => {
    const made = fromDraft('UTC', [{ ...newLine(0), mbits: '20' }])
    expect(made).toMatchObject({ rules: [{ days: [1, 2, 3, 4, 5], fromMinute: 480, toMinute: 1_080, bytesPerSecond: 2_500_000 }] })
    if (made) checkSchedule(made)
  })
  it.each([['days', { days: [] }], ['times', { from: '' }], ['times', { to: '24:00' }], ['rate', { mbits: 'fast' }], ['rate', { mbits: '-1' }], [null, { mbits: '' }]] as const)('says %s of %j', (fault, changes) => {
    const line = { ...newLine(0), ...changes }
    expect(faultOf(line)).toBe(fault)
    expect(fromDraft('UTC', [line]) === undefined).toBe(fault !== null)
  })
  it('is nothing in a zone that is none', () => expect(fromDraft('Europe/Nowhere', [newLine(0)])).toBeUndefined())
})

it.each([['0,25', 0.0025], [' 1 ', 0.01], ['0', 0], ['', 0], ['1.01', undefined], ['-1', undefined], ['some', undefined]])('parseShare(%j)', (typed, share) => expect(parseShare(typed)).toBe(share))
it('a share comes back as it was', () => expect([0, 0.0025, 0.0007, 0.01].map((share) => parseShare(typedShare(share)))).toEqual([0, 0.0025, 0.0007, 0.01]))

it.each([['', null], ['20', 2_500_000], ['0,5', 62_500], ['0', undefined], ['x', undefined]])('parseMbits(%j)', (typed, rate) => expect(parseMbits(typed)).toBe(rate))
