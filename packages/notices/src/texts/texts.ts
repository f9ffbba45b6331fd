import type { NoticeKind } from '@driftless/domain'

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

/** A mail in one language: its subject, what it says, and what the link to the portal is called. */
export type KindText = { readonly subject: (said: Said) => string; readonly lines: (said: Said) => readonly string[]; readonly action: string }
export type Texts = {
  readonly kinds: Readonly<Record<NoticeKind, KindText>>
  readonly greeting: (name: string) => string
  /** Before what somebody wrote. */
  readonly reason: string
  /** Why this mail came, and where to end it. */
  readonly footer: string
  readonly utc: string
  readonly calendar: { readonly name: string; readonly cutover: (name: string) => string; readonly test: (name: string) => string; readonly zone: (zone: string) => string; readonly lockout: (at: string) => string; readonly asked: string; readonly open: string }
}
