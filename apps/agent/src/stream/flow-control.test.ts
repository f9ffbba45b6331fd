import { describe, expect, test } from 'vitest'
import { FlowControl } from './flow-control.ts'

const PIECE_BYTES = 64 * 1024
const SIMULATED_MS = 12_000
/** What comes before is the start, in which the window grows from round trip to round trip. */
const SETTLED_AFTER_MS = 2_000

interface Answer {
  readonly atMs: number
}

/** A sender with more to send than a link carries, on a clock of its own. */
function simulate(bytesPerSecond: (atMs: number) => number, roundTripMs: number) {
  let nowMs = 0
  const flow = new FlowControl(() => nowMs)
  const answers: Answer[] = []
  let linkFreeMs = 0
  let carriedBytes = 0
  let longestWaitMs = 0
  while (nowMs < SIMULATED_MS) {
    while (flow.hasRoom()) {
      linkFreeMs = Math.max(linkFreeMs, nowMs) + (PIECE_BYTES / bytesPerSecond(nowMs)) * 1000
      flow.sent(PIECE_BYTES)
      if (nowMs >= SETTLED_AFTER_MS) {
        carriedBytes += PIECE_BYTES
        longestWaitMs = Math.max(longestWaitMs, linkFreeMs - nowMs)
      }
      if (!flow.markDue) continue
      flow.marked()
      answers.push({ atMs: linkFreeMs + roundTripMs })
    }
    const answer = answers.shift()
    if (answer === undefined) throw new Error('It waits for an answer that nobody will give.')
    nowMs = Math.max(nowMs, answer.atMs)
    expect(flow.answered()).toBe(true)
  }
  return { flow, longestWaitMs, carriedPerSecond: (carriedBytes / (SIMULATED_MS - SETTLED_AFTER_MS)) * 1000 }
}

describe('flow control', () => {
  test.each([
    { bytesPerSecond: 1_250_000, roundTripMs: 20 },
    { bytesPerSecond: 12_500_000, roundTripMs: 1 },
    { bytesPerSecond: 12_500_000, roundTripMs: 80 },
    { bytesPerSecond: 125_000_000, roundTripMs: 40 },
  ])('a link of $bytesPerSecond B/s and $roundTripMs ms is full, and what is sent next waits little', ({ bytesPerSecond, roundTripMs }) => {
    const { flow, longestWaitMs, carriedPerSecond } = simulate(() => bytesPerSecond, roundTripMs)
    expect(carriedPerSecond / bytesPerSecond).toBeGreaterThan(0.93)
    // Twice a round trip's worth, or the least window where that is more; and the piece that is sent.
    expect(longestWaitMs).toBeLessThan(Math.max(2 * roundTripMs, 20, (128 * 1024 * 1000) / bytesPerSecond) * 1.3 + (2 * PIECE_BYTES * 1000) / bytesPerSecond)
    expect(flow.limitBytesPerSecond).toBeGreaterThan(0.9 * bytesPerSecond)
    expect(flow.limitBytesPerSecond).toBeLessThan(1.1 * bytesPerSecond)
  })

  test('a link that becomes slower is noticed, and so is one that becomes faster', () => {
    const slower = simulate((atMs) => (atMs < 6_000 ? 50_000_000 : 5_000_000), 10)
    expect(slower.flow.limitBytesPerSecond).toBeLessThan(6_000_000)
    expect(slower.flow.windowBytes).toBeLessThan(300_000)
    const faster = simulate((atMs) => (atMs < 6_000 ? 5_000_000 : 50_000_000), 10)
    expect(faster.flow.limitBytesPerSecond).toBeGreaterThan(45_000_000)
  })

  test('an answer that nobody waits for is told apart', () => {
    const flow = new FlowControl()
    expect(flow.answered()).toBe(false)
  })
})
