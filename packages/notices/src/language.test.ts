import { expect, it } from 'vitest'
import { instantIn, windowIn } from './language.ts'

const NIGHT = { startsAtMs: Date.UTC(2026, 9, 25, 0, 30), endsAtMs: Date.UTC(2026, 9, 25, 1, 30) }

it('tells apart the two times that a clock shows alike', () => {
  // The clock goes back between them, and shows 02:30 twice.
  const [one, other] = [instantIn('en', NIGHT.startsAtMs, 'Europe/Zurich'), instantIn('en', NIGHT.endsAtMs, 'Europe/Zurich')]
  expect(one).toMatch(/02:30 \(Europe\/Zurich\) · .*00:30 \(UTC\)$/)
  expect(other).toMatch(/02:30 \(Europe\/Zurich\) · .*01:30 \(UTC\)$/)
})

it.each([null, 'UTC'])('says UTC once where the site’s zone is %s', (zone) => {
  expect(instantIn('en', NIGHT.startsAtMs, zone).match(/UTC/g)).toHaveLength(1)
  expect(windowIn('fr', NIGHT, zone).match(/UTC/g)).toHaveLength(1)
})
