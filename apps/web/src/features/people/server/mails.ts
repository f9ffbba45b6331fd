import 'server-only'
import { INVITATION_DAYS, PASSWORD_RESET_MINUTES } from '@driftless/domain'
import { asMail } from '@driftless/notices'
import { createTranslator } from 'next-intl'
import { env } from '@/env.ts'
import { DEFAULT_LOCALE, isLocale } from '@/i18n/locales.ts'
import type { Locale } from '@/i18n/locales.ts'
import { sendMail } from '@/server/mail.ts'
import english from '../../../../messages/en/index.ts'
import french from '../../../../messages/fr/index.ts'

/** A token stands behind the #: browsers send that part to no server, so that it is in nobody's log. */
export const invitationLink = (token: string): string => `${env().NEXTAUTH_URL}/invitation#${token}`
export const resetLink = (token: string): string => `${env().NEXTAUTH_URL}/reset-password#${token}`

type Invited = { email: string; name: string; locale: string; organisation: string; invitedBy: string; providerName: string }

/** Asks somebody in, in their language. Whether the mail server took it. */
export function mailInvitation(invited: Invited, link: string): Promise<boolean> {
  const { locale, t } = inLanguage(invited.locale)
  const { name, organisation, invitedBy, providerName } = invited
  return sendMail({
    to: invited.email,
    ...asMail(locale, t('mail.invitation.subject', { provider: providerName }), [
      t('mail.greeting', { name }),
      t('mail.invitation.body', { inviter: invitedBy, organisation, provider: providerName }),
    ], { label: t('mail.invitation.action'), link }, [t('mail.invitation.until', { days: INVITATION_DAYS }), t('mail.invitation.unexpected')]),
  })
}

/** Sends somebody the link to a new password, in their language. Whether the mail server took it. */
export function mailReset(person: { email: string; name: string; locale: string }, link: string): Promise<boolean> {
  const { locale, t } = inLanguage(person.locale)
  return sendMail({
    to: person.email,
    ...asMail(locale, t('mail.reset.subject'), [t('mail.greeting', { name: person.name }), t('mail.reset.body', { email: person.email })],
      { label: t('mail.reset.action'), link }, [t('mail.reset.until', { minutes: PASSWORD_RESET_MINUTES }), t('mail.reset.unexpected')]),
  })
}

function inLanguage(wanted: string) {
  const locale: Locale = isLocale(wanted) ? wanted : DEFAULT_LOCALE
  return { locale, t: createTranslator({ locale, messages: locale === 'fr' ? french : english }) }
}
