import type { NoticeKind } from '@driftless/domain'
import { instantIn, listIn, textsIn, windowIn } from './language.ts'
import type { Language } from './language.ts'
import { asMail } from './mail-form.ts'
import type { MailForm } from './mail-form.ts'

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
}

/** A mail about one thing to one person, in their language. Nothing secret is ever in it: who follows the link signs in. */
export function noticeMail(language: Language, portalUrl: string, reader: { readonly name: string }, kind: NoticeKind, facts: NoticeFacts): MailForm {
  const texts = textsIn(language)
  const zone = facts.window?.siteZone ?? null
  const said = {
    name: facts.name, customer: facts.customer, vms: listIn(language, facts.vmNames), count: facts.vmNames.length, actor: facts.actor,
    window: facts.window === null ? '' : windowIn(language, facts.window, zone), site: facts.window?.siteName ?? '',
    until: facts.untilMs === null ? '' : instantIn(language, facts.untilMs, zone),
  }
  const text = texts.kinds[kind]
  const lines = [texts.greeting(reader.name), ...text.lines(said), ...(facts.reason === null ? [] : [`${texts.reason} ${facts.reason}`])]
  return asMail(language, oneLine(text.subject(said)), lines, { label: text.action, link: `${portalUrl}${facts.page}` }, [texts.footer])
}

/** Names are people's: none breaks a header. */
const oneLine = (text: string) => text.replaceAll(/[\r\n]+/g, ' ')
