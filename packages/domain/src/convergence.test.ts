import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { convergence } from './convergence.ts'
import type { Convergence, LinkSample } from './convergence.ts'

const MIB = 1024 * 1024
const SAMPLE_SECONDS = 2
/** Steps of the model below in a second. */
const STEPS = 20

type Load = {
  /** What the link takes, MiB/s. */
  readonly link: number
  /** What the guest writes, MiB/s, over `hotMib` of distinct blocks again and again (or ever new ones). */
  readonly writes: number
  readonly hotMib?: number
  readonly startMib?: number
  readonly seconds: number
}

/** A guest that writes in a circle over its hot blocks, and a copier that works in passes, as the agent's does. */
function play({ link, writes, hotMib = Number.POSITIVE_INFINITY, startMib = 0, seconds }: Load): LinkSample[] {
  const samples: LinkSample[] = []
  let cold = startMib
  /** Hot MiB dirty since the pass began, and those that the pass still sends. */
  let next = 0
  let pass = 0
  let sent = 0
  let coveredAt = 0
  let passFrom = 0
  for (let step = 1; step <= seconds * STEPS; step += 1) {
    next = Math.min(hotMib, next + writes / STEPS)
    let room = link / STEPS
    if (pass <= 0 && cold <= 0) {
      coveredAt = passFrom
      passFrom = step / STEPS
      pass = next
      next = 0
    }
    const fromPass = Math.min(room, pass)
    pass -= fromPass
    room -= fromPass
    const fromCold = Math.min(room, cold)
    cold -= fromCold
    sent += fromPass + fromCold
    if (step % (SAMPLE_SECONDS * STEPS) !== 0) continue
    samples.push({
      atMs: (step / STEPS) * 1000, intervalSeconds: SAMPLE_SECONDS, backgroundBytesPerSecond: 0, foregroundBytesPerSecond: (sent * MIB) / SAMPLE_SECONDS,
      backlogBytes: (cold + pass + next) * MIB, lagSeconds: step / STEPS - coveredAt, guestWriteBytesPerSecond: writes * MIB, uniqueWriteBytes: Math.min(hotMib, writes * SAMPLE_SECONDS) * MIB,
    })
    sent = 0
  }
  return samples
}

const verdict = (load: Load, diverged = false): Convergence | null => convergence(play(load), diverged)

describe('convergence', () => {
  it.each<[string, Load, boolean]>([
    ['an idle guest', { link: 10, writes: 0.1, seconds: 30 }, true],
    ['a busy guest on a link that keeps up', { link: 10, writes: 5, seconds: 60 }, true],
    ['a guest that outruns the link', { link: 10, writes: 20, seconds: 30 }, false],
    ['a guest as fast as the link, with something to catch up', { link: 10, writes: 10, startMib: 500, seconds: 30 }, false],
    ['a large backlog that shrinks', { link: 10, writes: 5, startMib: 5_000, seconds: 30 }, true],
    ['few blocks written again and again, very fast', { link: 10, writes: 50, hotMib: 8, seconds: 60 }, true],
    ['more hot blocks than the link takes in seconds', { link: 10, writes: 50, hotMib: 200, seconds: 60 }, false],
  ])('%s', (_name, load, converges) => expect(verdict(load)?.converges).toBe(converges))

  it('says it early: within the first three passes that take more than a moment', () => {
    const samples = play({ link: 10, writes: 30, seconds: 60 })
    const first = samples.findIndex((_, index) => convergence(samples.slice(0, index + 1), false)?.converges === false)
    expect((first + 1) * SAMPLE_SECONDS).toBeLessThanOrEqual(14)
  })

  it('says nothing of a link that is silent, and forgets what was before the silence', () => {
    const dead = play({ link: 10, writes: 20, seconds: 20 }).map((sample) => ({ ...sample, foregroundBytesPerSecond: 0 }))
    expect(convergence(dead, false)).toBeNull()
    expect(convergence([], false)).toBeNull()
    const after = play({ link: 10, writes: 4, startMib: 400, seconds: 20 }).map((sample) => ({ ...sample, atMs: sample.atMs + 20_000 }))
    const both = [...dead, ...after]
    expect(both.map((_, index) => convergence(both.slice(0, index + 1), false)?.converges)).not.toContain(false)
  })

  it('is not taken back by a moment, and not by a guest that is only a little slower', () => {
    const near = play({ link: 10, writes: 9, startMib: 500, seconds: 30 })
    expect(convergence(near, false)?.converges).toBe(true)
    expect(convergence(near, true)?.converges).toBe(false)
    expect(convergence(play({ link: 10, writes: 5, startMib: 500, seconds: 30 }), true)?.converges).toBe(true)
  })

  it('is not misled by a backlog that jumps while the guest is quiet', () => {
    const jumping = play({ link: 10, writes: 1, startMib: 5_000, seconds: 30 }).map((sample, index) => ({ ...sample, lagSeconds: 30, backlogBytes: sample.backlogBytes + (index > 5 ? 3_000 * MIB : 0) }))
    expect(convergence(jumping, false)?.converges).toBe(true)
  })

  it('names a throttle with which the same guest converges, whatever the link and the load', () => {
    fc.assert(fc.property(fc.double({ min: 0.5, max: 1_000, noNaN: true }), fc.double({ min: 1.1, max: 40, noNaN: true }), (link, times) => {
      const found = verdict({ link, writes: link * times, seconds: 120 })
      expect(found?.converges).toBe(false)
      const throttle = (found?.throttleBytesPerSecond ?? 0) / MIB
      // The backlog that had grown by then is caught up as well.
      expect(verdict({ link, writes: throttle, startMib: link * 100, seconds: 120 }, true)?.converges).toBe(true)
    }), { numRuns: 60 })
  })

  it('names one that does for a link that has just become slower', () => {
    const fast = play({ link: 40, writes: 60, seconds: 20 })
    const slow = play({ link: 10, writes: 60, startMib: 400, seconds: 10 }).map((sample) => ({ ...sample, atMs: sample.atMs + 20_000, lagSeconds: sample.lagSeconds + 10 }))
    const found = convergence([...fast, ...slow], false)
    expect(found?.converges).toBe(false)
    expect((found?.throttleBytesPerSecond ?? 0) / MIB).toBeLessThanOrEqual(5.01)
  })

  it('counts a page for every small write: the throttle is in what the guest writes', () => {
    const small = play({ link: 10, writes: 20, seconds: 30 }).map((sample) => ({ ...sample, guestWriteBytesPerSecond: sample.guestWriteBytesPerSecond / 8 }))
    const found = convergence(small, false)
    expect(found?.converges).toBe(false)
    expect(found?.throttleBytesPerSecond).toBeCloseTo((5 * MIB) / 8, -4)
  })
})
