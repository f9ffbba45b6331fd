'use server'
import { cookies } from 'next/headers'
import { COOKIE_SECONDS, isLocale, isTimeZone, LOCALE_COOKIE, TIME_ZONE_COOKIE } from './locales.ts'

const options = { path: '/', maxAge: COOKIE_SECONDS, sameSite: 'lax' } as const

/** Keeps the chosen language; anything that is no language of the portal is ignored. */
export async function chooseLocale(locale: string): Promise<void> {
  if (isLocale(locale)) (await cookies()).set(LOCALE_COOKIE, locale, options)
}

/** Keeps the browser's time zone, so that the server renders the same times. */
export async function chooseTimeZone(zone: string): Promise<void> {
  if (isTimeZone(zone)) (await cookies()).set(TIME_ZONE_COOKIE, zone, options)
}
