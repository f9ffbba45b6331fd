import ical, { ICalAttendeeRole, ICalAttendeeStatus, ICalCalendarMethod, ICalEventStatus, ICalEventTransparency } from 'ical-generator'
import { instantIn, textsIn, windowIn } from './language.ts'
import type { Language } from './language.ts'
import { hostOf } from './mailer.ts'

/** A booked window as calendars hold it (RFC 5545); instants in milliseconds since 1970. */
export type Appointment = {
  readonly bookingId: string
  readonly kind: 'CUTOVER' | 'TEST'
  /** TENTATIVE: asked for and not agreed on yet. */
  readonly state: 'AGREED' | 'TENTATIVE' | 'CANCELLED'
  readonly waveId: string
  readonly waveName: string
  readonly tenantName: string
  readonly siteName: string
  readonly siteZone: string | null
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly lockoutAtMs: number
  /** Grows with every change: a calendar keeps the highest it has seen. */
  readonly revision: number
  /** When it was changed last. */
  readonly changedAtMs: number
}

const PRODUCT = { company: 'Driftless', product: 'Service windows', language: 'EN' }
/** How often programs ask for a feed again, as far as they listen. */
const ASK_AGAIN_S = 900
const STATES = { AGREED: ICalEventStatus.CONFIRMED, TENTATIVE: ICalEventStatus.TENTATIVE, CANCELLED: ICalEventStatus.CANCELLED } as const

/** A person's calendar: every window of theirs. Lines are folded and end with CRLF, times are UTC; the site's zone is said in words. */
export function calendarFeed(language: Language, portalUrl: string, appointments: readonly Appointment[]): string {
  const calendar = ical({ name: textsIn(language).calendar.name, prodId: { ...PRODUCT, language: language.toUpperCase() }, ttl: ASK_AGAIN_S })
  for (const appointment of appointments) calendar.createEvent(eventOf(language, portalUrl, appointment))
  return calendar.toString()
}

/** One appointment as it is sent by mail: REQUEST puts it into a calendar or moves it there, CANCEL takes it out. `organizer`: whom the mail comes from. `sentAtMs`: when, which is what a message is stamped with (RFC 5545, 3.8.7.2). */
export function calendarMessage(language: Language, portalUrl: string, appointment: Appointment, organizer: { readonly name: string; readonly email: string }, attendee: { readonly name: string; readonly email: string }, sentAtMs: number): { method: 'REQUEST' | 'CANCEL'; content: string } {
  const method = appointment.state === 'CANCELLED' ? 'CANCEL' : 'REQUEST'
  const calendar = ical({ prodId: { ...PRODUCT, language: language.toUpperCase() }, method: ICalCalendarMethod[method] })
  calendar.createEvent({
    ...eventOf(language, portalUrl, appointment), stamp: new Date(sentAtMs), organizer,
    attendees: [{ ...attendee, rsvp: false, role: ICalAttendeeRole.OPT, status: ICalAttendeeStatus.ACCEPTED }],
  })
  return { method, content: calendar.toString() }
}

function eventOf(language: Language, portalUrl: string, one: Appointment) {
  const { calendar } = textsIn(language)
  const url = `${portalUrl}/waves/${one.waveId}`
  return {
    id: `booking-${one.bookingId}@${hostOf(portalUrl)}`, sequence: one.revision, stamp: new Date(one.changedAtMs),
    start: new Date(one.startsAtMs), end: new Date(one.endsAtMs), status: STATES[one.state], transparency: ICalEventTransparency.OPAQUE,
    summary: one.kind === 'TEST' ? calendar.test(one.waveName) : calendar.cutover(one.waveName),
    location: one.siteName, url,
    description: [
      `${one.tenantName} · ${one.siteName}`, windowIn(language, one, one.siteZone),
      ...(one.siteZone === null ? [] : [calendar.zone(one.siteZone)]),
      ...(one.state === 'TENTATIVE' ? [calendar.asked] : [calendar.lockout(instantIn(language, one.lockoutAtMs, one.siteZone))]),
      `${calendar.open} ${url}`,
    ].join('\n'),
  }
}
