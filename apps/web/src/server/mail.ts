import 'server-only'
import { createTransport } from 'nodemailer'
import { env, isLoopback } from '../env.ts'
import { log } from './log.ts'

export type Mail = { readonly to: string; readonly subject: string; readonly text: string; readonly html: string }

/** A mail server that takes longer than this has not taken it: people wait for the answer. */
const STEP_MS = 5_000
const ALL_MS = 15_000

/** Whether mails can be sent at all. */
export const hasMail = (): boolean => env().SMTP_URL !== undefined

/**
 * Hands a mail to the mail server; whether it was taken, within a bounded time. Never throws: what is in it can be had another
 * way. Sent from here, after the commit, and not by a job: it carries a token that nothing but its hash may keep.
 */
export async function sendMail(mail: Mail): Promise<boolean> {
  const { SMTP_URL: url, MAIL_FROM: from, NEXTAUTH_URL } = env()
  if (url === undefined) return false
  const transport = createTransport({
    url, connectionTimeout: STEP_MS, greetingTimeout: STEP_MS, socketTimeout: STEP_MS, dnsTimeout: STEP_MS,
    // A token travels in it: off this machine only by TLS, whatever the server or somebody on the way says.
    requireTLS: !isLoopback(url),
    disableFileAccess: true, disableUrlAccess: true,
  })
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('the mail server took too long')), ALL_MS)
  try {
    await Promise.race([late.promise, transport.sendMail({ ...mail, to: { name: '', address: mail.to }, from: from ?? `no-reply@${new URL(NEXTAUTH_URL).hostname}` })])
    return true
  } catch (error) {
    log().warn({ err: error }, 'a mail was not sent')
    return false
  } finally {
    clearTimeout(timer)
    transport.close()
  }
}
