import 'server-only'
import { handToMailServer } from '@driftless/notices'
import type { Mail } from '@driftless/notices'
import { env } from '../env.ts'
import { log } from './log.ts'

/** Whether mails can be sent at all. */
export const hasMail = (): boolean => env().SMTP_URL !== undefined

/**
 * Hands a mail to the mail server; whether it was taken, within a bounded time. Never throws: what is in it can be had another
 * way. Sent from here, after the commit, and not by a job: it carries a token that nothing but its hash may keep.
 */
export async function sendMail(mail: Mail): Promise<boolean> {
  const { SMTP_URL: url, MAIL_FROM: from, NEXTAUTH_URL: portalUrl } = env()
  if (url === undefined) return false
  try {
    await handToMailServer({ url, from: from ?? null, portalUrl }, mail)
    return true
  } catch (error) {
    log().warn({ err: error }, 'a mail was not sent')
    return false
  }
}
