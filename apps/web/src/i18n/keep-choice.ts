'use client'
import { COOKIE_SECONDS, LOCALE_COOKIE, TIME_ZONE_COOKIE } from './locales.ts'
import type { Locale } from './locales.ts'

/** A cookie of the page's own: our server takes no calls but those of the API, and what is kept here is no secret. */
function keep(name: string, value: string): void {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${COOKIE_SECONDS}; samesite=lax${window.location.protocol === 'https:' ? '; secure' : ''}`
}

/** Keeps the chosen language in this browser; the next page asked for is in it. */
export const keepLocale = (locale: Locale): void => keep(LOCALE_COOKIE, locale)

/** Keeps the browser's time zone, so that the server renders the same times. */
export const keepTimeZone = (zone: string): void => keep(TIME_ZONE_COOKIE, zone)
