import { describe, expect, it } from 'vitest'
import { rateSteps } from './rate-steps.ts'

describe('the rates of a slider', () => {
  it('rise to the given one, to two digits', () => {
    const steps = rateSteps(125_000_000)
    expect(steps.at(-1)).toBe(130_000_000)
    expect(steps).toEqual(steps.toSorted((one, other) => one - other))
    expect(steps[0]).toBe(120_000)
  })
  it('are never nothing', () => expect(Math.min(...rateSteps(0), ...rateSteps(3))).toBe(1))
})
