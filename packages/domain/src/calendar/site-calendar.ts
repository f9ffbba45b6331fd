/** What one slot offers: its length and lockout in minutes, and what it holds in all. Null: it is not counted there. */
export type SlotTerms = {
  /** Minutes of the day by the site's clock, 0 to 1439. */
  readonly startMinute: number
  /** Elapsed minutes, whatever the clock does meanwhile. */
  readonly lengthMinutes: number
  /** Nothing new starts so many minutes before the end. */
  readonly lockoutMinutes: number
  /** VMs that may be cut over. */
  readonly cutovers: number
  readonly bandwidthBytesPerSecond: number | null
  /** People of the provider at hand. */
  readonly staff: number | null
}

/** Slots that come every week, on these days (1 Monday to 7 Sunday, none twice). */
export type SlotPattern = SlotTerms & { readonly days: readonly number[] }

/** One date (`2026-12-24`, by the site's clock) on which other slots start than the patterns say; none: closed. */
export type CalendarException = { readonly date: string; readonly reason: string; readonly slots: readonly SlotTerms[] }

/** When nothing may be booked, whatever is published. Instants in milliseconds; `fromMs` ≤ t < `toMs`. */
export type Blackout = { readonly fromMs: number; readonly toMs: number; readonly reason: string }

/** What a provider publishes for one target site, and by what rules it is booked. */
export type SiteCalendar = {
  /** An IANA zone: the site's clock on the wall. */
  readonly zone: string
  readonly patterns: readonly SlotPattern[]
  readonly exceptions: readonly CalendarException[]
  readonly blackouts: readonly Blackout[]
  /** A booking is asked for so many hours before its start at the latest. */
  readonly noticeHours: number
  /** A request or an offer that nobody answers holds its capacity for so many hours. */
  readonly holdHours: number
  /** Whether customers may ask for times outside the published slots. */
  readonly ownTimes: boolean
}

/** One slot on one day. Instants in milliseconds; `startsAtMs` ≤ t < `endsAtMs`. */
export type Slot = {
  /** Which one it is, for good: its start as the calendar writes it, such as `2026-03-29T02:30[Europe/Zurich]`. */
  readonly key: string
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly lockoutAtMs: number
  readonly cutovers: number
  readonly bandwidthBytesPerSecond: number | null
  readonly staff: number | null
}
