import fc from 'fast-check'
import { expect, it } from 'vitest'
import { accentVariables, contrast } from './accent.ts'

const hex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`)

it('keeps text readable for every colour, in both themes', () => {
  fc.assert(fc.property(hex, (color) => {
    const variables = accentVariables(color)
    for (const theme of ['light', 'dark'] as const) {
      const accent = variables[`--accent-${theme}`] ?? ''
      expect(contrast(accent, variables[`--on-accent-${theme}`] ?? '')).toBeGreaterThanOrEqual(4.5)
      expect(contrast(accent, theme === 'light' ? '#ffffff' : '#16181c')).toBeGreaterThanOrEqual(4.5)
    }
  }))
})

it('leaves a readable colour alone', () => {
  expect(accentVariables('#1d4ed8')['--accent-light']).toBe('#1d4ed8')
})

it('falls back where the colour is none', () => {
  expect(accentVariables('red; }')).toEqual(accentVariables('#3b5bdb'))
})

it('agrees with the published ratio of black on white', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
})
