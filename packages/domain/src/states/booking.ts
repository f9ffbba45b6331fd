import type { TransitionTable } from './transition-table.ts'

/** The life of a service window's booking. */
export const BOOKING_STATUSES = [
  'REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS', 'DONE', 'REJECTED', 'EXPIRED', 'WITHDRAWN',
] as const
export type BookingStatus = (typeof BOOKING_STATUSES)[number]

export const BOOKING_TRANSITIONS: TransitionTable<BookingStatus> = {
  REQUESTED: ['COUNTER_OFFERED', 'APPROVED', 'REJECTED', 'EXPIRED', 'WITHDRAWN'],
  COUNTER_OFFERED: ['APPROVED', 'REJECTED', 'EXPIRED', 'WITHDRAWN'],
  APPROVED: ['LOCKED', 'EXPIRED', 'WITHDRAWN'],
  LOCKED: ['IN_PROGRESS', 'EXPIRED', 'WITHDRAWN'],
  IN_PROGRESS: ['DONE'],
  DONE: [],
  REJECTED: [],
  EXPIRED: [],
  WITHDRAWN: [],
}

/** These hold their slot against others, requests that wait for a decision included. */
export const BOOKING_HOLDS_SLOT: readonly BookingStatus[] = ['REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS']
/** The rest hold nothing. */
export const BOOKING_OVER: readonly BookingStatus[] = ['DONE', 'REJECTED', 'EXPIRED', 'WITHDRAWN']
