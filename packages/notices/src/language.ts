import { english } from './texts/en.ts'
import { french } from './texts/fr.ts'
import type { Texts } from './texts/texts.ts'

const TEXTS = { en: english, fr: french } as const satisfies Readonly<Record<string, Texts>>
export type Language = keyof typeof TEXTS

/** The language that a person chose, or English where nothing is written in it. */
export function languageOf(locale: string): Language {
  return locale === 'fr' ? 'fr' : 'en'
}

export const textsIn = (language: Language): Texts => TEXTS[language]

const zoned = (language: Language, timeZone: string, parts: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language === 'fr' ? 'fr-FR' : 'en-GB', { timeZone, ...parts })
const DAY_AND_TIME = { dateStyle: 'long', timeStyle: 'short' } as const

/** An instant by one zone's clock, which is named. */
export function instantIn(language: Language, atMs: number, zone: string | null): string {
  return `${zoned(language, zone ?? 'UTC', DAY_AND_TIME).format(atMs)} (${zone ?? 'UTC'})`
}

/** The day of an instant by one zone's clock. */
export function dayIn(language: Language, atMs: number, zone: string | null): string {
  return zoned(language, zone ?? 'UTC', { dateStyle: 'full' }).format(atMs)
}

/** A share as percent, to a tenth. */
export function shareIn(language: Language, share: number): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(share)
}

/** A window by the site's clock and in UTC, each named; in UTC alone where the site has no zone. */
export function windowIn(language: Language, { startsAtMs, endsAtMs }: { readonly startsAtMs: number; readonly endsAtMs: number }, zone: string | null): string {
  const inZone = (timeZone: string) => `${zoned(language, timeZone, DAY_AND_TIME).formatRange(startsAtMs, endsAtMs)} (${timeZone})`
  return zone === null || zone === 'UTC' ? inZone('UTC') : `${inZone(zone)} · ${inZone('UTC')}`
}

/** At most `MOST_NAMED` names, and how many there are beside. */
export function listIn(language: Language, names: readonly string[]): string {
  const rest = names.length - MOST_NAMED
  const shown = rest > 0 ? [...names.slice(0, MOST_NAMED), `+${rest}`] : names
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(shown)
}
const MOST_NAMED = 20
