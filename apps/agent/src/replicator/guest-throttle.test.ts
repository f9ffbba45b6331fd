import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../block/map.ts'
import { TokenBucket } from '../block/token-bucket.ts'
import type { Clock } from '../block/token-bucket.ts'
import { GuestThrottle } from './guest-throttle.ts'
import { NOT_SLOWED, nextThrottle } from './guest-throttle-control.ts'
import type { PassFacts, ThrottleState } from './guest-throttle-control.ts'
import { SyncState } from './sync-state.ts'

const MIB = 1024 * 1024

/** Time that passes only when everybody waits for it. */
class VirtualClock implements Clock {
  #nowMs = 1_000
  #timers: { atMs: number; wake: () => void }[] = []
  /** By how much every timer is late. */
  readonly #lateMs: number

  constructor(lateMs = 0) {
    this.#lateMs = lateMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#timers.push({ atMs: this.#nowMs + ms + this.#lateMs, wake }))
  }

  async run(seconds: number): Promise<void> {
    const endMs = this.#nowMs + seconds * 1000
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = Math.min(...this.#timers.map(({ atMs }) => atMs), endMs)
      this.#nowMs = next
      if (next >= endMs) return
      const due = this.#timers.filter(({ atMs }) => atMs <= next)
      this.#timers = this.#timers.filter(({ atMs }) => atMs > next)
      for (const { wake } of due) wake()
    }
  }
}

const WRITE_BYTES = 64 * 1024
/** What a guest keeps under way at once, and what its own disk takes for each. */
const DEPTH = 4
const DISK_MS = 5
const TICK_MS = 10
const CONVERGE_MS = 250

/** A guest that writes flat out to ever new blocks of its disk, about 50 MiB/s, against a link of `linkMib` a second. */
function play(options: { linkMib: number; diskMib?: number; limitMs: number | null; manual?: number | null; sweep?: boolean; lateMs?: number }) {
  const clock = new VirtualClock(options.lateMs)
  const now = () => clock.nowMs()
  const sizeBytes = (options.diskMib ?? 512) * MIB
  const sync = new SyncState(sizeBytes, now)
  const bucket = new TokenBucket(clock)
  const throttle = new GuestThrottle(bucket, now)
  const wish = { stage: 'REPLICATE' as 'REPLICATE' | 'FINAL' | 'PAUSE', guestWriteBytesPerSecond: options.manual ?? null, guestLatencyLimitMs: options.limitMs }
  const added: number[] = []
  const disk = { tap: { statistics: { writtenBytes: 0 } }, replicator: { connected: true, backgroundSentBytes: 0, sync } }
  sync.restart('FRESH')
  if (options.sweep !== true) {
    sync.takeBackground(sizeBytes)
    sync.beginFlush()
    sync.flushed()
  }
  let at = 0
  const writer = async () => {
    for (;;) {
      await clock.sleep(DISK_MS)
      const first = at / BLOCK_BYTES
      at = (at + WRITE_BYTES) % sizeBytes
      sync.mark(first, first + WRITE_BYTES / BLOCK_BYTES)
      const askedMs = clock.nowMs()
      await bucket.take(WRITE_BYTES)
      added.push(clock.nowMs() - askedMs)
      disk.tap.statistics.writtenBytes += WRITE_BYTES
    }
  }
  const link = async () => {
    let budget = 0
    let flushedMs = clock.nowMs()
    for (;;) {
      await clock.sleep(TICK_MS)
      budget += (options.linkMib * MIB * TICK_MS) / 1000
      sync.beginPass()
      while (budget > 0) {
        const run = sync.takeForeground(WRITE_BYTES / BLOCK_BYTES)
        if (run !== null) budget -= (run.end - run.first) * BLOCK_BYTES
        else {
          const range = sync.takeBackground(WRITE_BYTES)
          if (range === null) break
          budget -= range.length
          disk.replicator.backgroundSentBytes += range.length
        }
      }
      budget = Math.min(budget, 0)
      if (clock.nowMs() - flushedMs < 100) continue
      flushedMs = clock.nowMs()
      sync.beginFlush()
      sync.flushed()
    }
  }
  const agent = async () => {
    for (;;) {
      throttle.converge(wish, [disk])
      await clock.sleep(CONVERGE_MS)
    }
  }
  for (let index = 0; index < DEPTH; index += 1) void writer()
  void link()
  void agent()
  return {
    throttle, bucket, wish, sync, disk,
    added: () => added.splice(0),
    run: (seconds: number) => clock.run(seconds),
    /** Runs until at most this much is left; false when that did not happen in time. */
    reaches: async (leftBytes: number, withinSeconds: number) => {
      for (let second = 0; second < withinSeconds; second += 0.25) {
        if (sync.foregroundLeftBytes <= leftBytes && sync.sweepComplete) return true
        await clock.run(0.25)
      }
      return false
    },
  }
}

describe('a guest that writes flat out against a slow link', () => {
  test('never comes into step by itself', async () => {
    const world = play({ linkMib: 8, limitMs: null })
    await world.run(10)
    expect(await world.reaches(50 * MIB, 60)).toBe(false)
    expect(world.throttle.observe()).toBeNull()
    expect(Math.max(...world.added())).toBe(0)
  })

  test('comes into step when it may be slowed, within the limit, and is let go then', async () => {
    const world = play({ linkMib: 8, limitMs: 100 })
    await world.run(10)
    expect(world.throttle.observe()).toMatchObject({ automatic: true, atLatencyLimit: false })
    expect(world.throttle.observe()?.bytesPerSecond).toBeLessThanOrEqual(4 * MIB * 1.01)
    expect(await world.reaches(4 * MIB, 120)).toBe(true)
    // Let go it is too fast again, and slowed again: what counts is that it was let go.
    const slowed: boolean[] = []
    for (let look = 0; look < 12; look += 1) {
      await world.run(0.25)
      slowed.push(world.throttle.observe() !== null)
    }
    expect(slowed).toContain(false)
    expect(Math.max(...world.added())).toBeLessThanOrEqual(100)
  })

  test('is held near the target while a cutover drains it, and let go afterwards', async () => {
    const world = play({ linkMib: 8, limitMs: 100 })
    await world.run(6)
    world.wish.stage = 'FINAL'
    expect(await world.reaches(4 * MIB, 120)).toBe(true)
    for (let look = 0; look < 20; look += 1) {
      await world.run(1)
      expect(world.sync.foregroundLeftBytes).toBeLessThanOrEqual(8 * MIB)
    }
    world.throttle.release()
    expect([world.throttle.observe(), world.bucket.rateBytesPerSecond]).toEqual([null, null])
  })

  test('does not come into step where that would cost more than the limit: it is said, and the limit holds', async () => {
    const world = play({ linkMib: 8, limitMs: 5 })
    await world.run(20)
    expect(await world.reaches(50 * MIB, 60)).toBe(false)
    expect(world.throttle.observe()).toMatchObject({ automatic: true, atLatencyLimit: true })
    expect(world.throttle.observe()?.addedLatencyMs).toBeLessThanOrEqual(5)
    // Slowed as far as the limit allows all the same: not let go, and not by a cap that nobody meets.
    const { writtenBytes } = world.disk.tap.statistics
    await world.run(20)
    expect((world.disk.tap.statistics.writtenBytes - writtenBytes) / 20).toBeLessThan(35 * MIB)
    expect(Math.max(...world.added())).toBeLessThanOrEqual(5)
  })

  test('the limit holds on a machine whose timers are late, once that was seen', async () => {
    const world = play({ linkMib: 8, limitMs: 25, lateMs: 6 })
    await world.run(30)
    world.added()
    await world.run(60)
    expect(Math.max(...world.added())).toBeLessThanOrEqual(25)
    expect(world.throttle.observe()).not.toBeNull()
  })

  test('a first copy ends as well, though its link is taken by new writes', async () => {
    expect(await play({ linkMib: 8, limitMs: null, sweep: true, diskMib: 128 }).reaches(4 * MIB, 120)).toBe(false)
    expect(await play({ linkMib: 8, limitMs: 100, sweep: true, diskMib: 128 }).reaches(4 * MIB, 120)).toBe(true)
  })

  test('a cap set by a person holds without a limit, and gives way to a limit', async () => {
    const free = play({ linkMib: 8, limitMs: null, manual: MIB })
    await free.run(10)
    expect(free.throttle.observe()).toMatchObject({ bytesPerSecond: MIB, automatic: false, atLatencyLimit: false })
    expect(free.disk.tap.statistics.writtenBytes).toBeLessThan(11 * MIB)
    const limited = play({ linkMib: 8, limitMs: 20, manual: MIB })
    await limited.run(10)
    expect(Math.max(...limited.added())).toBeLessThanOrEqual(20)
    expect(limited.disk.tap.statistics.writtenBytes).toBeGreaterThan(50 * MIB)
  })

  test('is not slowed for a link that is down, nor while replication is paused', async () => {
    const world = play({ linkMib: 8, limitMs: 100 })
    await world.run(10)
    world.disk.replicator.connected = false
    await world.run(5)
    expect(world.throttle.observe()).not.toBeNull() // it may be back at once
    await world.run(10)
    expect(world.throttle.observe()).toBeNull()
    world.disk.replicator.connected = true
    await world.run(15)
    expect(world.throttle.observe()).not.toBeNull()
    world.wish.stage = 'PAUSE'
    await world.run(1)
    expect(world.throttle.observe()).toBeNull()
  })
})

describe('a tap whose delays nobody sees', () => {
  test('is not slowed automatically for long: the limit could not be kept', () => {
    let nowMs = 0
    const bucket = new TokenBucket({ nowMs: () => nowMs, sleep: () => Promise.resolve() })
    const throttle = new GuestThrottle(bucket, () => nowMs)
    const sync = { isClean: false, sweepComplete: true, coveredAtMs: 0, foregroundLeftBytes: 0, foregroundDoneBytes: 0 }
    const disk = { tap: { statistics: { writtenBytes: 0 } }, replicator: { connected: true, backgroundSentBytes: 0, sync } }
    const slowed: boolean[] = []
    for (let second = 0; second < 60; second += 1) {
      nowMs += 1000
      // Its writes are counted, but they do not ask the bucket.
      disk.tap.statistics.writtenBytes += 50 * MIB
      sync.foregroundLeftBytes += 42 * MIB
      sync.foregroundDoneBytes += 8 * MIB
      throttle.converge({ stage: 'REPLICATE', guestWriteBytesPerSecond: null, guestLatencyLimitMs: 20 }, [disk])
      slowed.push(throttle.observe() !== null)
    }
    expect(slowed.slice(0, 20)).toContain(true)
    expect(slowed.slice(-10)).not.toContain(true)
  })
})

describe('nextThrottle', () => {
  const pass: PassFacts = { seconds: 10, beforeBytes: 100 * MIB, afterBytes: 100 * MIB, drainBytesPerSecond: 10 * MIB, dirtiedBytesPerSecond: 10 * MIB, writtenBytesPerSecond: 10 * MIB, sweepComplete: true, addedLatencyMs: null, final: false }
  /** What a guest does that its cap holds back. */
  const held = { writtenBytesPerSecond: 5 * MIB, dirtiedBytesPerSecond: 5 * MIB }
  const slowed: ThrottleState = { capBytesPerSecond: 5 * MIB, linkBytesPerSecond: 10 * MIB, atLatencyLimit: false }
  test.each<[string, ThrottleState, Partial<PassFacts>, number | null, Partial<ThrottleState>]>([
    ['a pass that leaves as much as there was', NOT_SLOWED, {}, 50, { capBytesPerSecond: 5 * MIB }],
    ['a pass that leaves half', NOT_SLOWED, { afterBytes: 50 * MIB }, 50, { capBytesPerSecond: null }],
    ['as much as there was, but little', NOT_SLOWED, { beforeBytes: MIB, afterBytes: MIB }, 50, { capBytesPerSecond: null }],
    ['writes of half a page', NOT_SLOWED, { dirtiedBytesPerSecond: 20 * MIB }, 50, { capBytesPerSecond: 2.5 * MIB }],
    ['nobody may be slowed', NOT_SLOWED, {}, null, { capBytesPerSecond: null }],
    ['nobody may be slowed any more', slowed, {}, null, { capBytesPerSecond: null }],
    ['nothing was ever sent', NOT_SLOWED, { drainBytesPerSecond: 0 }, 50, { capBytesPerSecond: null }],
    ['caught up', slowed, { afterBytes: 4 * MIB, writtenBytesPerSecond: 5 * MIB }, 50, { capBytesPerSecond: null }],
    ['caught up in a cutover', slowed, { afterBytes: 4 * MIB, ...held, final: true }, 50, { capBytesPerSecond: 5 * MIB }],
    ['caught up with new writes, the first copy still runs', slowed, { afterBytes: 4 * MIB, ...held, sweepComplete: false }, 50, { capBytesPerSecond: 5 * MIB }],
    ['a guest that has become calm', slowed, { writtenBytesPerSecond: MIB }, 50, { capBytesPerSecond: null }],
    ['the link has become slower', slowed, { drainBytesPerSecond: MIB, ...held }, 50, { capBytesPerSecond: MIB / 2 }],
    ['a pass with little to send says nothing against the link', slowed, { drainBytesPerSecond: MIB, afterBytes: MIB, sweepComplete: false, ...held }, 50, { capBytesPerSecond: 5 * MIB }],
    ['at the limit', slowed, { writtenBytesPerSecond: 8 * MIB, addedLatencyMs: 45 }, 50, { capBytesPerSecond: 8.4 * MIB, atLatencyLimit: true }],
    ['at the limit, and above what it writes', { ...slowed, capBytesPerSecond: 9 * MIB, atLatencyLimit: true }, { writtenBytesPerSecond: 8 * MIB, addedLatencyMs: 45 }, 50, { capBytesPerSecond: 9 * MIB, atLatencyLimit: true }],
    ['below the limit again, still too fast', { ...slowed, capBytesPerSecond: 10 * MIB, atLatencyLimit: true }, { addedLatencyMs: 10 }, 50, { capBytesPerSecond: 9 * MIB, atLatencyLimit: true }],
    ['below the limit again, and slow enough', { ...slowed, atLatencyLimit: true }, { addedLatencyMs: 10, ...held }, 50, { capBytesPerSecond: 5 * MIB, atLatencyLimit: false }],
  ])('%s', (_name, state, changes, limitMs, wanted) => expect(nextThrottle(state, { ...pass, ...changes }, limitMs)).toMatchObject(wanted))

  const amount = fc.double({ min: 0, max: 1e12, noNaN: true })
  const anyPass = fc.record({ seconds: fc.double({ min: 0.1, max: 100, noNaN: true }), beforeBytes: amount, afterBytes: amount, drainBytesPerSecond: amount, dirtiedBytesPerSecond: amount, writtenBytesPerSecond: amount, sweepComplete: fc.boolean(), addedLatencyMs: fc.option(fc.double({ min: 0, max: 1e4, noNaN: true })), final: fc.boolean() })
  test('whatever comes: without a limit nobody is slowed, at the limit nobody is slowed more, and a cap is a number above 0', () => {
    fc.assert(fc.property(fc.array(anyPass, { maxLength: 30 }), fc.option(fc.integer({ min: 1, max: 1_000 })), (passes, limitMs) => {
      let state = NOT_SLOWED
      for (const facts of passes) {
        const next = nextThrottle(state, facts, limitMs)
        const cap = next.capBytesPerSecond
        if (limitMs === null) expect(cap).toBeNull()
        if (cap !== null && !(cap > 0 && Number.isFinite(cap))) throw new Error(`a cap of ${cap}`)
        if (cap !== null && state.capBytesPerSecond !== null && limitMs !== null && facts.addedLatencyMs !== null && facts.addedLatencyMs >= limitMs) expect(cap).toBeGreaterThanOrEqual(state.capBytesPerSecond)
        state = next
      }
    }))
  })
})
