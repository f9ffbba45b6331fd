import { describe, expect, it } from 'vitest'
import { nextBookingStatus } from './booking-clock.ts'
import { LOCK_LEAD_MS } from './service-window.ts'
import { BOOKING_OVER, BOOKING_STATUSES, BOOKING_TRANSITIONS } from './states/booking.ts'
import type { BookingStatus } from './states/booking.ts'
import { canTransition } from './states/transition-table.ts'

const START = 1_800_000_000_000
const END = START + 3_600_000
const next = (status: BookingStatus, nowMs: number, waveOver = false, expiresAtMs: number | null = null) => nextBookingStatus({ status, startsAtMs: START, endsAtMs: END, expiresAtMs }, nowMs, waveOver)

describe('nextBookingStatus', () => {
  it.each<[BookingStatus, string, number, boolean, BookingStatus | null]>([
    ['REQUESTED', 'before the start', START - 1, false, null],
    ['REQUESTED', 'after the start: may still be approved', START + 1, false, null],
    ['REQUESTED', 'at the end', END, false, 'EXPIRED'],
    ['COUNTER_OFFERED', 'at the end', END, false, 'EXPIRED'],
    ['APPROVED', 'long before', START - LOCK_LEAD_MS - 1, false, null],
    ['APPROVED', 'a quarter of an hour before', START - LOCK_LEAD_MS, false, 'LOCKED'],
    ['APPROVED', 'late, after the start', START + 1, false, 'LOCKED'],
    ['APPROVED', 'at the end', END, false, 'EXPIRED'],
    ['LOCKED', 'before the start', START - 1, false, null],
    ['LOCKED', 'at the start', START, false, 'IN_PROGRESS'],
    ['LOCKED', 'at the end', END, false, 'EXPIRED'],
    ['IN_PROGRESS', 'inside', END - 1, false, null],
    ['IN_PROGRESS', 'its wave is over', START + 1, true, 'DONE'],
    ['IN_PROGRESS', 'at the end', END, false, 'DONE'],
    ['REQUESTED', 'its wave is over before anybody decides', START - 1, true, 'WITHDRAWN'],
    ['COUNTER_OFFERED', 'its wave is over before anybody answers', START - 1, true, 'WITHDRAWN'],
    ['APPROVED', 'its wave is over long before it opens', START - LOCK_LEAD_MS - 1, true, 'WITHDRAWN'],
    ['LOCKED', 'its wave is over before it opens', START - 1, true, 'WITHDRAWN'],
    ['APPROVED', 'its wave is over, and so is the window', END, true, 'EXPIRED'],
  ])('%s, %s', (status, _when, nowMs, waveOver, wanted) => expect(next(status, nowMs, waveOver)).toBe(wanted))

  it.each<[BookingStatus, number, BookingStatus | null]>([
    ['REQUESTED', START - 501, null],
    ['REQUESTED', START - 500, 'EXPIRED'],
    ['COUNTER_OFFERED', START - 501, null],
    ['COUNTER_OFFERED', START - 500, 'EXPIRED'],
    ['APPROVED', START - 500, 'LOCKED'],
    ['LOCKED', START - 500, null],
    ['IN_PROGRESS', END - 1, null],
  ])('%s that is held until half a second before the start, at %i', (status, nowMs, wanted) => expect(next(status, nowMs, false, START - 500)).toBe(wanted))

  it('moves only along the table, and never from what is over', () => {
    for (const status of BOOKING_STATUSES)
      for (const nowMs of [START - LOCK_LEAD_MS - 1, START - 1, START, END - 1, END, END + 1])
        for (const waveOver of [true, false]) {
          const to = next(status, nowMs, waveOver)
          if (to !== null) expect(canTransition(BOOKING_TRANSITIONS, status, to)).toBe(true)
          if (BOOKING_OVER.includes(status)) expect(to).toBeNull()
        }
  })
})
