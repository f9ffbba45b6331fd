import { isLoopback } from '@driftless/domain'
import { createTransport } from 'nodemailer'
import type { MailForm } from './mail-form.ts'

/** A mail server, and whom mails come from (null: no-reply at the portal's own host). */
export type MailServer = { readonly url: string; readonly from: string | null; readonly portalUrl: string }
export type Mail = MailForm & {
  readonly to: string
  /** The same for every attempt, so that what arrives twice is known as one. */
  readonly messageId?: string
  /** An invitation, or its end, as mail programs show it. */
  readonly calendar?: { readonly method: 'REQUEST' | 'CANCEL'; readonly content: string }
}

/** A mail server that takes longer than this has not taken it. */
const STEP_MS = 5_000
const ALL_MS = 15_000

/** The host that mails and appointments are named after. */
export const hostOf = (portalUrl: string): string => new URL(portalUrl).hostname

/** Hands a mail to the mail server, within a bounded time. Rejects when it was not taken. */
export async function handToMailServer({ url, from, portalUrl }: MailServer, mail: Mail): Promise<void> {
  const transport = createTransport({
    url, connectionTimeout: STEP_MS, greetingTimeout: STEP_MS, socketTimeout: STEP_MS, dnsTimeout: STEP_MS,
    // What a mail says is for its reader: off this machine only by TLS, whatever the server or somebody on the way says.
    requireTLS: !isLoopback(url),
    disableFileAccess: true, disableUrlAccess: true,
  })
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('the mail server took too long')), ALL_MS)
  const { to, messageId, calendar, ...form } = mail
  try {
    await Promise.race([late.promise, transport.sendMail({
      ...form, to: { name: '', address: to }, from: from ?? `no-reply@${hostOf(portalUrl)}`,
      ...(messageId === undefined ? {} : { messageId: `<${messageId}@${hostOf(portalUrl)}>` }),
      ...(calendar === undefined ? {} : { icalEvent: { method: calendar.method, filename: 'window.ics', content: calendar.content } }),
    })])
  } finally {
    clearTimeout(timer)
    transport.close()
  }
}

/** Whether the mail server will never take a mail to this address; anything else may pass. */
export function isRefusedAddress(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EENVELOPE' && 'responseCode' in error && typeof error.responseCode === 'number' && error.responseCode >= 550 && error.responseCode < 560
}
