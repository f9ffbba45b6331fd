import { describe, expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

/** Time passes only by waiting. */
function clockAt() {
  const clock = { atMs: 0, nowMs: () => clock.atMs, sleep: async (ms: number) => void (clock.atMs += ms) }
  return clock
}

describe('a longest wait', () => {
  test('is never exceeded, and what it grants is forgiven: the next does not pay for it', async () => {
    const clock = clockAt()
    const bucket = new TokenBucket(clock)
    bucket.setRate(1_000)
    bucket.setLongestWait(50)
    for (let taken = 0; taken < 20; taken += 1) {
      const beforeMs = clock.atMs
      await bucket.take(10_000)
      expect(clock.atMs - beforeMs).toBeLessThanOrEqual(50)
    }
    clock.atMs += 1_000
    const beforeMs = clock.atMs
    await bucket.take(50)
    expect(clock.atMs).toBe(beforeMs)
  })

  test('none at all lets everybody go at once, and null brings the rate back', async () => {
    const clock = clockAt()
    const bucket = new TokenBucket(clock)
    bucket.setRate(1_000)
    bucket.setLongestWait(0)
    await bucket.take(1_000_000)
    expect(clock.atMs).toBe(0)
    bucket.setLongestWait(null)
    await bucket.take(2_000)
    expect(clock.atMs).toBeGreaterThanOrEqual(1_900)
  })
})

test('waits are counted while there is a cap, each once', async () => {
  const clock = clockAt()
  const bucket = new TokenBucket(clock)
  await bucket.take(1_000_000)
  expect(bucket.takeWaits().count).toBe(0)
  bucket.setRate(1_000)
  for (let taken = 0; taken < 10; taken += 1) await bucket.take(1_000)
  const waits = bucket.takeWaits()
  expect(waits.count).toBe(10)
  // The tenth second's worth waited about a second; the burst went at once.
  expect(waits.percentile(0.99)).toBeGreaterThan(900)
  expect(waits.percentile(0.99)).toBeLessThan(1_300)
  expect(bucket.takeWaits().count).toBe(0)
})
