import type { NoticeKind, SeedProblem, ShipmentNoticeKind } from '@driftless/domain'

/** What the sentences of a mail are about, already in the reader's language. */
export type Said = {
  /** Of the wave or the estimate. */
  readonly name: string
  readonly customer: string
  /** VMs, as a list. */
  readonly vms: string
  readonly count: number
  /** The window, by the site's clock and in UTC; '' when there is none. */
  readonly window: string
  readonly site: string
  readonly actor: string
  /** Until when an answer counts; '' when it waits. */
  readonly until: string
}

/** What the sentences of a mail about a shipment are about beside that. */
export type SaidOfShipment = Omit<Said, 'window' | 'until' | 'site'> & {
  /** The reader is of the provider's staff, who receive; else of the customer, who send. */
  readonly staff: boolean
  readonly devices: number
  /** With its number; '' while there is none. */
  readonly carrier: string
  readonly handedOver: string
  readonly expected: string
  readonly days: number
  /** The sites by name. */
  readonly from: string
  readonly to: string
  readonly pieces: number
  /** Of what the VMs' seeds hold, in percent. */
  readonly share: string
}

/** A mail in one language: its subject, what it says, and what the link to the portal is called. */
export type KindText = { readonly subject: (said: Said) => string; readonly lines: (said: Said) => readonly string[]; readonly action: string }
export type ShipmentKindText = { readonly subject: (said: SaidOfShipment) => string; readonly lines: (said: SaidOfShipment) => readonly string[]; readonly action: string }
/** Everything that mails about shipments say. */
export type ShipmentTexts = {
  readonly kinds: Readonly<Record<ShipmentNoticeKind, ShipmentKindText>>
  /** Before what somebody wrote into the custody record. */
  readonly note: string
  /** What an agent says that cannot go on, for one VM; `message` in its own words. */
  readonly problem: (vm: string, problem: string, message: string) => string
  readonly problems: Readonly<Record<SeedProblem, string>>
  readonly otherProblem: string
}
export type Texts = {
  readonly kinds: Readonly<Record<Exclude<NoticeKind, ShipmentNoticeKind>, KindText>>
  readonly shipments: ShipmentTexts
  readonly greeting: (name: string) => string
  /** Before what somebody wrote. */
  readonly reason: string
  /** Why this mail came, and where to end it. */
  readonly footer: string
  readonly utc: string
  readonly calendar: { readonly name: string; readonly cutover: (name: string) => string; readonly test: (name: string) => string; readonly zone: (zone: string) => string; readonly lockout: (at: string) => string; readonly asked: string; readonly open: string }
}
