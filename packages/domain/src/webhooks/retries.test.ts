import { describe, expect, it } from 'vitest'
import { WEBHOOK_RETRY_DELAYS_MS, webhookRetryDelayMs } from './retries.ts'

const HOUR = 3_600_000

describe('webhookRetryDelayMs', () => {
  it.each([
    [1, 5_000], [2, 300_000], [3, 1_800_000], [4, 2 * HOUR], [5, 5 * HOUR], [6, 10 * HOUR], [7, 14 * HOUR], [8, 20 * HOUR], [9, 24 * HOUR], [10, null], [11, null],
  ])('after %i failed attempts waits %s ms', (attempts, delayMs) => expect(webhookRetryDelayMs(attempts, 0.5)).toBe(delayMs))

  it('spreads evenly by a tenth to either side', () => {
    for (const [index, delayMs] of WEBHOOK_RETRY_DELAYS_MS.entries())
      expect([0, 0.25, 1].map((chance) => webhookRetryDelayMs(index + 1, chance))).toEqual([delayMs * 0.9, delayMs * 0.95, delayMs * 1.1].map(Math.round))
  })
})
