import { cookies, headers } from 'next/headers'
import { getRequestConfig } from 'next-intl/server'
import { isLocale, isTimeZone, LOCALE_COOKIE, localeFromHeader, TIME_ZONE_COOKIE } from './locales.ts'

/** Language and time zone of a request: the person's cookies, else what the browser asks for. */
export default getRequestConfig(async () => {
  const jar = await cookies()
  const chosen = jar.get(LOCALE_COOKIE)?.value
  const locale = isLocale(chosen) ? chosen : localeFromHeader((await headers()).get('accept-language'))
  const zone = jar.get(TIME_ZONE_COOKIE)?.value
  const messages =
    locale === 'fr' ? (await import('../../messages/fr/index.ts')).default : (await import('../../messages/en/index.ts')).default
  return { locale, messages, timeZone: isTimeZone(zone) ? zone : 'UTC' }
})
