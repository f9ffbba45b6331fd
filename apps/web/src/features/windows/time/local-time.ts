/** Times as a `datetime-local` field holds them: the browser's own clock, to the minute. */
export function toLocalInput(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The instant that a `datetime-local` field means in the browser's zone; null where it holds none. */
export function fromLocalInput(value: string): Date | null {
  const at = new Date(value)
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) && !Number.isNaN(at.getTime()) ? at : null
}

/** Midnight before `at` by the browser's clock, `days` later. */
export function startOfDay(at: Date, days = 0): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + days)
}

/** The next full hour. */
export function nextHour(at: Date): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate(), at.getHours() + 1)
}

export type Span = { readonly startsAt: Date; readonly endsAt: Date }

/** Whether two spans share a moment; ends touch without sharing one. */
export function overlap(a: Span, b: Span): boolean {
  return a.startsAt < b.endsAt && b.startsAt < a.endsAt
}
