import { describe, expect, it } from 'vitest'
import { entriesOf, minutesOn, within } from './entries.ts'

const at = (text: string) => new Date(`${text}Z`)
const span = (from: string, to: string) => ({ startsAt: at(from), endsAt: at(to) })
const slot = { key: 'a', closed: null, ...span('2026-12-01T20:00', '2026-12-02T00:00') }
const own = { id: 'own', slotKey: null, ...span('2026-12-01T10:00', '2026-12-01T11:00') }
const inSlot = { id: 'in', slotKey: 'a', ...span('2026-12-01T20:00', '2026-12-02T00:00') }

describe('what lies on a calendar', () => {
  it('has each booking once: in its slot, or at its own time', () => {
    const board = { slots: [slot], taken: [span('2026-12-01T10:00', '2026-12-01T11:00'), span('2026-12-01T14:00', '2026-12-01T15:00')], blackouts: [{ reason: 'storage', ...span('2026-12-03T00:00', '2026-12-04T00:00') }] }
    const entries = entriesOf(board, [inSlot, own])
    expect(entries.map(({ kind }) => kind)).toEqual(['booking', 'taken', 'slot', 'blackout'])
    expect(entries.find(({ kind }) => kind === 'slot')).toMatchObject({ bookings: [inSlot] })
  })

  it('keeps a booking whose slot is not shown', () => expect(entriesOf({ slots: [], taken: [], blackouts: [] }, [inSlot]).map(({ kind }) => kind)).toEqual(['booking']))

  it('leaves out slots that are over, unless one had them', () => {
    const board = { slots: [{ ...slot, closed: 'PAST' }], taken: [], blackouts: [] }
    expect(entriesOf(board, [])).toEqual([])
    expect(entriesOf(board, [inSlot])).toHaveLength(1)
  })

  it('is found by its time', () => {
    expect(within([slot, own], span('2026-12-01T23:00', '2026-12-02T01:00'))).toEqual([slot])
    expect(within([slot], span('2026-12-02T00:00', '2026-12-02T01:00'))).toEqual([])
  })
})

describe('where it is drawn', () => {
  const zurich = (one: { startsAt: Date; endsAt: Date }, date: string) => minutesOn(one, date, 'Europe/Zurich')
  it('is by the clock of the zone, cut at midnight', () => {
    expect(zurich(slot, '2026-12-01')).toEqual({ from: 1260, to: 1440 })
    expect(zurich(slot, '2026-12-02')).toEqual({ from: 0, to: 60 })
    expect(zurich(slot, '2026-12-03')).toBeNull()
    expect(minutesOn(slot, '2026-12-01', 'UTC')).toEqual({ from: 1200, to: 1440 })
    expect(minutesOn(slot, '2026-12-02', 'UTC')).toBeNull()
  })
  it('is never less than nothing when the clock goes back', () => expect(zurich(span('2026-10-25T00:30', '2026-10-25T01:15'), '2026-10-25')).toEqual({ from: 150, to: 150 }))
})
