/** What of a site's row says by whose clock its times are read. */
export const SITE_ZONE = { timeZone: true, calendar: { select: { zone: true } } } as const

/** A site's clock on the wall: its calendar's, else the one of its limits' timetable; null: it has told none. */
export function siteZoneOf({ calendar, timeZone }: { readonly timeZone: string | null; readonly calendar: { readonly zone: string } | null }): string | null {
  return calendar?.zone ?? timeZone
}
