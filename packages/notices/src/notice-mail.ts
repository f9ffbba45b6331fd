import { isShipmentNotice } from '@driftless/domain'
import type { NoticeKind, ShipmentNoticeKind } from '@driftless/domain'
import { instantIn, listIn, textsIn, windowIn } from './language.ts'
import type { Language } from './language.ts'
import { asMail } from './mail-form.ts'
import type { MailForm } from './mail-form.ts'
import { shipmentMail } from './shipment-mail.ts'
import type { ShipmentNoticeFacts } from './shipment-mail.ts'

/** What a mail is about, as it stands in the database. */
export type NoticeFacts = {
  readonly name: string
  readonly customer: string
  readonly vmNames: readonly string[]
  readonly window: { readonly startsAtMs: number; readonly endsAtMs: number; readonly siteName: string; readonly siteZone: string | null } | null
  readonly actor: string
  /** What somebody wrote with it; null: nothing. */
  readonly reason: string | null
  readonly untilMs: number | null
  /** Where it is done, below the portal's own address. */
  readonly page: string
  /** Of a mail about one. */
  readonly shipment: ShipmentNoticeFacts | null
}

/** A mail about one thing to one person, in their language. Nothing secret is ever in it: who follows the link signs in. */
export function noticeMail(language: Language, portalUrl: string, reader: { readonly name: string }, kind: NoticeKind, facts: NoticeFacts): MailForm {
  const texts = textsIn(language)
  const { subject, lines, action } = isShipmentNotice(kind) ? shipmentMail(language, kind, facts) : windowMail(language, kind, facts)
  return asMail(language, oneLine(subject), [texts.greeting(reader.name), ...lines], { label: action, link: `${portalUrl}${facts.page}` }, [texts.footer])
}

/** What a mail says between its greeting and its link. */
export type Written = { readonly subject: string; readonly lines: readonly string[]; readonly action: string }

function windowMail(language: Language, kind: Exclude<NoticeKind, ShipmentNoticeKind>, facts: NoticeFacts): Written {
  const texts = textsIn(language)
  const zone = facts.window?.siteZone ?? null
  const said = {
    name: facts.name, customer: facts.customer, vms: listIn(language, facts.vmNames), count: facts.vmNames.length, actor: facts.actor,
    window: facts.window === null ? '' : windowIn(language, facts.window, zone), site: facts.window?.siteName ?? '',
    until: facts.untilMs === null ? '' : instantIn(language, facts.untilMs, zone),
  }
  const text = texts.kinds[kind]
  return { subject: text.subject(said), lines: [...text.lines(said), ...(facts.reason === null ? [] : [`${texts.reason} ${facts.reason}`])], action: text.action }
}

/** Names are people's: none breaks a header. */
const oneLine = (text: string) => text.replaceAll(/[\r\n]+/g, ' ')
