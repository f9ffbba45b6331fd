export const LOCALES = ['en', 'fr'] as const
export type Locale = (typeof LOCALES)[number]
export const DEFAULT_LOCALE: Locale = 'en'
export const LOCALE_COOKIE = 'locale'
export const TIME_ZONE_COOKIE = 'timezone'
/** Choices outlive sessions. */
export const COOKIE_SECONDS = 365 * 86_400

export function isLocale(value: string | undefined): value is Locale {
  return LOCALES.some((locale) => locale === value)
}

/** Longer headers are no browser's. */
const MOST_LANGUAGES = 20

/** The first language of an Accept-Language header (RFC 9110, 12.5.4), by weight, that the portal speaks. */
export function localeFromHeader(header: string | null): Locale {
  const wanted = (header ?? '')
    .split(',', MOST_LANGUAGES)
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';')
      const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean)
      return { language: tag.split('-')[0]?.toLowerCase(), weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
  for (const { language } of wanted) if (isLocale(language)) return language
  return DEFAULT_LOCALE
}

/** Whether `zone` is a time zone that this runtime can format in. */
export function isTimeZone(zone: string | undefined): zone is string {
  if (zone === undefined || zone.length > 60) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone.length > 0
  } catch {
    return false
  }
}
