import { describe, expect, it } from 'vitest'
import { isTimeZone, localeFromHeader } from './locales.ts'

describe('localeFromHeader', () => {
  it.each([
    ['fr-CA,fr;q=0.9,en;q=0.8', 'fr'],
    ['de,fr;q=0.4,en;q=0.6', 'en'],
    ['en;q=0, fr;q=0.1', 'fr'],
    ['de', 'en'],
    [null, 'en'],
    ['', 'en'],
  ])('%s → %s', (header, locale) => expect(localeFromHeader(header)).toBe(locale))
})

describe('isTimeZone', () => {
  it('knows zones', () => expect(isTimeZone('Europe/Paris')).toBe(true))
  it('refuses nonsense', () => expect(isTimeZone('Mars/Olympus')).toBe(false))
  it('refuses nothing', () => expect(isTimeZone(undefined)).toBe(false))
})
