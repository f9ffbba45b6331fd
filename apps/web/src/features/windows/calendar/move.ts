import { addDays, addMonths, mondayOf } from '@driftless/domain'

export type CalendarView = 'week' | 'month'
/** Where the keyboard is: a date, and in a week the hour of the day. */
export type CalendarPlace = { readonly date: string; readonly hour: number }

const LAST_HOUR = 23

/** Where a key leads from `place`, as in the date grids of the ARIA practices; null: the key is not the calendar's. A page is a week or a month. */
export function placeAfter(view: CalendarView, place: CalendarPlace, key: string): CalendarPlace | null {
  const day = (days: number) => ({ ...place, date: addDays(place.date, days) })
  const hour = (hours: number) => ({ ...place, hour: Math.min(LAST_HOUR, Math.max(0, place.hour + hours)) })
  switch (key) {
    case 'ArrowLeft': return day(-1)
    case 'ArrowRight': return day(1)
    case 'ArrowUp': return view === 'week' ? hour(-1) : day(-7)
    case 'ArrowDown': return view === 'week' ? hour(1) : day(7)
    case 'Home': return { ...place, date: mondayOf(place.date) }
    case 'End': return { ...place, date: addDays(mondayOf(place.date), 6) }
    case 'PageUp': return { ...place, date: pageAfter(view, place.date, -1) }
    case 'PageDown': return { ...place, date: pageAfter(view, place.date, 1) }
    default: return null
  }
}

/** The same place so many weeks or months later. */
export function pageAfter(view: CalendarView, date: string, pages: number): string {
  return view === 'week' ? addDays(date, 7 * pages) : addMonths(date, pages)
}
