import { z } from 'zod'

/** A calendar month in UTC, as invoices are cut: `2026-11`. */
export const month = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/)

/** First instant of the month and of the one after it. */
export function monthSpan(of: string): { from: Date; to: Date } {
  const from = new Date(`${of}-01T00:00:00Z`)
  return { from, to: new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1)) }
}

/** The month that an instant lies in. */
export function monthOf(at: Date): string {
  return at.toISOString().slice(0, 7)
}

/** The months from the one `first` lies in to the one `last` lies in, newest first. */
export function monthsBetween(first: Date, last: Date): string[] {
  const months: string[] = []
  for (let at = monthSpan(monthOf(last)).from; at >= monthSpan(monthOf(first)).from && months.length < MOST_MONTHS; at = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1, 1))) months.push(monthOf(at))
  return months
}
/** Ten years: longer than books must be kept. */
const MOST_MONTHS = 120
