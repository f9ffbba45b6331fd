import { checkCalendar } from '@driftless/domain'
import type { SiteCalendar } from '@driftless/domain'
import { describe, expect, it } from 'vitest'
import { blackoutFault, exceptionFault, fromCalendarDraft, newSlot, nextKey, slotFault, toCalendarDraft } from './calendar-draft.ts'

const TERMS = { startMinute: 1200, lengthMinutes: 240, lockoutMinutes: 30, cutovers: 4, bandwidthBytesPerSecond: 125_000_000, staff: null }
const CALENDAR: SiteCalendar = {
  zone: 'Europe/Zurich', noticeHours: 24, holdHours: 48, ownTimes: false,
  patterns: [{ ...TERMS, days: [2, 4] }, { ...TERMS, startMinute: 1320, lengthMinutes: 240, staff: 0, days: [6] }],
  exceptions: [{ date: '2026-12-24', reason: 'Closed', slots: [] }, { date: '2026-12-31', reason: '', slots: [TERMS] }],
  blackouts: [{ fromMs: Date.UTC(2026, 11, 20, 23), toMs: Date.UTC(2026, 11, 26, 23), reason: 'Freeze' }],
}

describe('a calendar as typed', () => {
  it('is what was read, and comes back the same', () => {
    const draft = toCalendarDraft(CALENDAR, 'UTC')
    expect(draft.patterns[1]).toMatchObject({ from: '22:00', lockout: '01:30', to: '02:00', cutovers: '4', mbits: '1000', staff: '0' })
    expect(draft.blackouts[0]).toMatchObject({ from: '2026-12-21T00:00', to: '2026-12-27T00:00' })
    expect(fromCalendarDraft(draft)).toEqual(CALENDAR)
  })

  it('begins with something that may be published', () => {
    const calendar = fromCalendarDraft(toCalendarDraft(null, 'Europe/Zurich'))
    expect(calendar).toMatchObject({ zone: 'Europe/Zurich', noticeHours: 24 })
    if (calendar !== undefined) checkCalendar(calendar)
  })

  it('is none while a line has a fault', () => {
    const draft = toCalendarDraft(CALENDAR, 'UTC')
    expect(fromCalendarDraft({ ...draft, noticeHours: 'soon' })).toBeUndefined()
    expect(fromCalendarDraft({ ...draft, holdHours: '' })).toBeUndefined()
    expect(fromCalendarDraft({ ...draft, patterns: [{ ...newSlot(0), days: [] }] })).toBeUndefined()
  })

  it.each([
    ['times', { from: '' }], ['lockout', { lockout: '19:00' }], ['cutovers', { cutovers: '' }], ['rate', { mbits: 'much' }], ['staff', { staff: '1.5' }], [null, {}],
  ])('fault: %s', (fault, changed) => expect(slotFault({ ...newSlot(0), ...changed })).toBe(fault))

  it('names what a blackout or an exception lacks', () => {
    const blackout = { key: 0, from: '2026-12-21T00:00', to: '2026-12-22T00:00', reason: 'Freeze' }
    expect([blackout, { ...blackout, to: blackout.from }, { ...blackout, reason: ' ' }].map((one) => blackoutFault(one, 'UTC'))).toEqual([null, 'times', 'reason'])
    expect(exceptionFault({ key: 0, date: '', reason: '', slots: [] })).toBe(true)
    expect(exceptionFault({ key: 0, date: '2026-12-24', reason: '', slots: [] })).toBe(false)
  })

  it('gives each line a key of its own', () => expect([nextKey([]), nextKey([{ key: 4 }, { key: 1 }])]).toEqual([0, 5]))
})
