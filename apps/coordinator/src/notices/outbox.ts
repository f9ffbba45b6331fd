import { claimNotices, noteNoticeOutcome, pruneNotices, readNotice, releaseNotices } from '@driftless/db'
import type { ClaimedNotice, NoticeOutcome, NoticeToSend } from '@driftless/db'
import { mailRetryDelayMs } from '@driftless/domain'
import { calendarMessage, handToMailServer, hostOf, isRefusedAddress, languageOf, noticeMail } from '@driftless/notices'
import type { Mail, MailServer } from '@driftless/notices'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'
import { openDueLoop } from '../due-loop.ts'

const CHANNEL = 'notice_due'
/** Reminders are due to the minute; what is written is heard of at once. */
const LOOK_EVERY_MS = 5_000
/** Mail servers count connections; a mail takes a fraction of a second. */
const MOST_AT_ONCE = 4
const DRAIN_MS = 5_000
/** How long it is kept what was written to whom. */
const KEPT_MS = 90 * 24 * 3_600_000

export type NoticeSettings = { readonly databaseUrl: string; /** Null: nobody is written to. */ readonly server: MailServer | null }

/**
 * Writes to people what concerns them, as rows of `notice` become due. A mail's id is its row's: should a coordinator die between the mail
 * server's yes and its own note of it, the second mail is known as the first.
 */
export function openNotices(context: Pick<Context, 'db' | 'log'>, { databaseUrl, server }: NoticeSettings): Promise<{ close: () => Promise<void> }> {
  const { db, log } = context
  if (server === null) log.info('SMTP_URL is not set: people find what concerns them in the portal alone')

  async function work(mail: readonly ClaimedNotice[], stopping: AbortSignal): Promise<void> {
    if (stopping.aborted) return asCoordinator(db, (tx) => releaseNotices(tx, mail))
    const outcome = await outcomeOf(mail)
    await asCoordinator(db, (tx) => noteNoticeOutcome(tx, mail, outcome, new Date()))
    const { status, ...about } = outcome
    log.info({ noticeId: mail[0]?.id, kind: mail[0]?.kind, count: mail.length, outcome: status, ...about }, 'notice')
  }
  async function outcomeOf(mail: readonly ClaimedNotice[]): Promise<NoticeOutcome> {
    if (server === null) return { status: 'VOID', why: 'NO_MAIL' }
    const notice = await asCoordinator(db, (tx) => readNotice(tx, mail))
    if (notice.void !== null) return { status: 'VOID', why: notice.void }
    try {
      await handToMailServer(server, mailOf(server, mail, notice))
      return { status: 'SENT' }
    } catch (error) {
      const delayMs = isRefusedAddress(error) ? null : mailRetryDelayMs(Math.max(...mail.map(({ attempts }) => attempts)))
      return { status: 'FAILED', why: error instanceof Error ? error.message : String(error), nextAttemptAt: delayMs === null ? null : new Date(Date.now() + delayMs) }
    }
  }

  return openDueLoop(context, {
    databaseUrl, channel: CHANNEL, lookEveryMs: LOOK_EVERY_MS, mostAtOnce: MOST_AT_ONCE, drainMs: DRAIN_MS, what: 'notices', work,
    claim: (room) => asCoordinator(db, (tx) => claimNotices(tx, room)),
    prune: () => asCoordinator(db, (tx) => pruneNotices(tx, new Date(Date.now() - KEPT_MS))),
  })
}

function mailOf(server: MailServer, mail: readonly ClaimedNotice[], { kind, person, facts, appointment }: NoticeToSend): Mail {
  const language = languageOf(person.locale)
  const organizer = { name: 'Driftless', email: addressIn(server.from) ?? `no-reply@${hostOf(server.portalUrl)}` }
  return {
    to: person.email, ...noticeMail(language, server.portalUrl, person, kind, facts), messageId: `notice-${mail[0]?.id ?? ''}`,
    ...(appointment === null ? {} : { calendar: calendarMessage(language, server.portalUrl, appointment, organizer, person, Date.now()) }),
  }
}

/** The address in `Name <address>`, or one that stands alone. */
function addressIn(from: string | null): string | null {
  return from === null ? null : (/<([^<>\s]+)>\s*$/.exec(from)?.[1] ?? from)
}
