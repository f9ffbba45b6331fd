import { expect, it } from 'vitest'
import fr from './index.ts'
import { keepTogether } from './unbroken.ts'

it('keeps the signs of French with the words that they belong to, and leaves all else', () => {
  const texts = { one: 'De « A » à « B » ; pourquoi ? Ainsi : {count, plural, one {# VM !} other {# VM}}', group: { two: 'rien, à part.' } }
  keepTogether(texts)
  expect(texts).toEqual({ one: 'De «\u00a0A\u00a0» à «\u00a0B\u00a0»\u00a0; pourquoi\u00a0? Ainsi\u00a0: {count, plural, one {# VM\u00a0!} other {# VM}}', group: { two: 'rien, à part.' } })
})

it('was done to every text of the portal', () => {
  expect(JSON.stringify(fr)).not.toMatch(/ [:;!?»]|« /)
})
