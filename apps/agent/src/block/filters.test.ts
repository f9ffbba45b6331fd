import { describe, expect, test } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { isZero, nonZeroRuns } from './content.ts'
import { DirtyTracking } from './dirty-tracking.ts'
import { DeviceError, FaultInjection } from './fault-injection.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { BLOCK_BYTES } from './map.ts'
import { Statistics } from './statistics.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Clock } from './token-bucket.ts'
import { WriteThrottle } from './write-throttle.ts'

function memoryDevice(sizeBytes: number): BlockDevice {
  const content = Buffer.alloc(sizeBytes)
  return {
    sizeBytes,
    read: async (offset, into) => void content.copy(into, 0, offset),
    write: async (offset, data) => void data.copy(content, offset),
    writeZeroes: async (offset, length) => void content.fill(0, offset, offset + length),
    flush: async () => {},
    close: async () => {},
  }
}

/** A clock that moves only when somebody sleeps. */
function fakeClock(): Clock & { atMs: number } {
  const clock = {
    atMs: 0,
    nowMs: () => clock.atMs,
    sleep: async (ms: number) => {
      clock.atMs += ms
    },
  }
  return clock
}

describe('DirtyTracking', () => {
  test('marks before the write is submitted and again when it has completed', async () => {
    const events: string[] = []
    const device = new FaultInjection(memoryDevice(BLOCK_BYTES * 8), async (call) => void events.push(call))
    const tracking = new DirtyTracking(device)
    tracking.listen({ mark: (first, end) => events.push(`mark ${first}-${end}`), lost: () => events.push('lost') })
    await tracking.write(BLOCK_BYTES - 1, Buffer.from('ab'))
    expect(events).toEqual(['mark 0-2', 'write', 'mark 0-2'])
  })

  test('marks again when the write failed, and passes the error on', async () => {
    const marks: number[] = []
    const device = new FaultInjection(memoryDevice(BLOCK_BYTES), async () => {
      throw new DeviceError('EIO', 'broken')
    })
    const tracking = new DirtyTracking(device)
    tracking.listen({ mark: (first) => marks.push(first), lost: () => {} })
    await expect(tracking.write(0, Buffer.from('a'))).rejects.toThrow('broken')
    expect(marks).toEqual([0, 0])
    expect(tracking.pendingWrites).toBe(0)
  })

  test('a write that was under way when the listener came is marked when it completes', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const tracking = new DirtyTracking(new FaultInjection(memoryDevice(BLOCK_BYTES), () => promise))
    const marks: number[] = []
    const writing = tracking.write(0, Buffer.from('a'))
    tracking.listen({ mark: (first) => marks.push(first), lost: () => {} })
    resolve()
    await writing
    expect(marks).toEqual([0])
  })

  test('a frozen disk refuses writes with EPERM and still reads', async () => {
    const tracking = new DirtyTracking(memoryDevice(BLOCK_BYTES))
    tracking.freeze(true)
    await expect(tracking.write(0, Buffer.from('a'))).rejects.toMatchObject({ code: 'EPERM' })
    await expect(tracking.writeZeroes(0, 1)).rejects.toMatchObject({ code: 'EPERM' })
    await tracking.read(0, Buffer.alloc(1))
    tracking.freeze(false)
    await tracking.write(0, Buffer.from('a'))
  })
})

/** A device whose writes are done at once, and that notes when. */
function quickDevice(events: string[], write: () => boolean = () => true): BlockDevice {
  return { ...memoryDevice(BLOCK_BYTES * 8), writeNow: () => {
    events.push('write')
    return write()
  } }
}

/** A listener that notes what it is told. */
const notes = (events: string[]) => ({ mark: (first: number, end: number) => void events.push(`mark ${first}-${end}`), lost: () => void events.push('lost') })

describe('writes done at once', () => {
  test('are marked before and after, and counted as those that take their turn', () => {
    const events: string[] = []
    const tracking = new DirtyTracking(quickDevice(events))
    tracking.listen(notes(events))
    const statistics = new Statistics(new WriteThrottle(tracking, new TokenBucket()))
    statistics.countPages(true)
    expect(statistics.writeNow(BLOCK_BYTES, Buffer.alloc(2 * BLOCK_BYTES))).toBe(true)
    expect(events).toEqual(['mark 1-3', 'write', 'mark 1-3'])
    expect(statistics.takeInterval()).toMatchObject({ writtenBytes: 2 * BLOCK_BYTES, uniqueBytes: 2 * BLOCK_BYTES })
  })

  test('are marked again when they fail', () => {
    const events: string[] = []
    const tracking = new DirtyTracking(quickDevice(events, () => {
      throw new DeviceError('EIO', 'broken')
    }))
    tracking.listen(notes(events))
    expect(() => tracking.writeNow(0, Buffer.from('a'))).toThrow('broken')
    expect(events).toEqual(['mark 0-1', 'write', 'mark 0-1'])
  })

  test('are refused on a frozen disk', () => {
    const events: string[] = []
    const tracking = new DirtyTracking(quickDevice(events))
    tracking.freeze(true)
    expect(() => tracking.writeNow(0, Buffer.from('a'))).toThrow(expect.objectContaining({ code: 'EPERM' }))
    expect(events).toEqual([])
  })

  test('wait their turn under a cap, behind a fault injection, and where the device cannot', () => {
    const bucket = new TokenBucket(fakeClock())
    bucket.setRate(1000)
    const events: string[] = []
    expect(new WriteThrottle(quickDevice(events), bucket).writeNow(0, Buffer.alloc(10))).toBe(false)
    expect(new FaultInjection(quickDevice(events), async () => {}).writeNow()).toBe(false)
    expect(new Statistics(new DirtyTracking(memoryDevice(BLOCK_BYTES))).writeNow(0, Buffer.alloc(10))).toBe(false)
    expect(events).toEqual([])
  })
})

describe('write intents', () => {
  test('a write is submitted only when its intent is durable', async () => {
    const events: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const intents = { intend: (first: number, end: number) => {
      events.push(`intend ${first}-${end}`)
      return promise
    } }
    const tracking = new DirtyTracking(new FaultInjection(memoryDevice(BLOCK_BYTES * 8), async (call) => void events.push(call)), { intents })
    tracking.listen(notes(events))
    expect(tracking.writeNow(0, Buffer.from('a'))).toBe(false)
    const writing = tracking.write(0, Buffer.from('a'))
    await new Promise((later) => setImmediate(later))
    expect(events).toEqual(['intend 0-1', 'intend 0-1'])
    resolve()
    await writing
    expect(events.slice(2)).toEqual(['mark 0-1', 'write', 'mark 0-1'])
  })

  test('an intent that is known already holds nothing up', () => {
    const events: string[] = []
    const tracking = new DirtyTracking(quickDevice(events), { intents: { intend: () => void events.push('intend') } })
    expect(tracking.writeNow(0, Buffer.from('a'))).toBe(true)
    expect(events).toEqual(['intend', 'write'])
  })

  test('an intent that cannot be logged fails the write, which is then not submitted', async () => {
    const events: string[] = []
    const tracking = new DirtyTracking(new FaultInjection(memoryDevice(BLOCK_BYTES), async (call) => void events.push(call)), { intents: { intend: () => Promise.reject(new DeviceError('ENOSPC', 'full')) } })
    expect(tracking.writeNow(0, Buffer.from('a'))).toBe(false)
    await expect(tracking.write(0, Buffer.from('a'))).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(events).toEqual([])
    expect(tracking.pendingWrites).toBe(0)
  })
})

describe('TokenBucket', () => {
  test.each([
    { rate: 1000, takes: [1000, 1000, 1000], seconds: 3 },
    { rate: 50, takes: [10, 10, 10], seconds: 0.6 },
    { rate: 1_000_000, takes: Array.from({ length: 100 }, () => 65_536), seconds: 6.5536 },
  ])('$takes.length takes at $rate bytes a second take $seconds s, less a burst', async ({ rate, takes, seconds }) => {
    const clock = fakeClock()
    const bucket = new TokenBucket(clock)
    bucket.setRate(rate)
    for (const bytes of takes) await bucket.take(bytes)
    expect(clock.atMs / 1000).toBeGreaterThan(seconds - 0.11)
    expect(clock.atMs / 1000).toBeLessThan(seconds + 0.05)
  })

  test('without a rate nothing waits, and a lifted cap lets waiters go', async () => {
    const clock = fakeClock()
    const bucket = new TokenBucket(clock)
    await bucket.take(1e12)
    bucket.setRate(1)
    const waiting = bucket.take(1_000_000)
    bucket.setRate(null)
    await waiting
    expect(clock.atMs).toBeLessThan(1000)
  })

  test('an aborted taker goes on and gives its bytes back', async () => {
    const clock = fakeClock()
    const bucket = new TokenBucket(clock)
    bucket.setRate(10)
    await bucket.take(1_000_000, AbortSignal.abort())
    const beforeMs = clock.atMs
    await bucket.take(10)
    expect(clock.atMs - beforeMs).toBeLessThanOrEqual(1100)
  })
})

describe('statistics and throttle', () => {
  test('counts bytes and distinct pages of an interval, and starts anew', async () => {
    const statistics = new Statistics(memoryDevice(BLOCK_BYTES * 10))
    statistics.countPages(true)
    await statistics.write(0, Buffer.alloc(BLOCK_BYTES))
    await statistics.write(100, Buffer.alloc(BLOCK_BYTES))
    const first = statistics.takeInterval()
    expect(first).toMatchObject({ writtenBytes: 2 * BLOCK_BYTES, uniqueBytes: 2 * BLOCK_BYTES })
    expect(first.latency.percentile(0.99)).toBeGreaterThan(0)
    expect(statistics.takeInterval()).toMatchObject({ writtenBytes: 0, uniqueBytes: 0 })
    expect(statistics.writtenBytes).toBe(2 * BLOCK_BYTES)
  })

  test('records how long a write took once, for the interval and for whoever watches, who may ask in the middle of one', async () => {
    const statistics = new Statistics(memoryDevice(BLOCK_BYTES * 10))
    const write = () => statistics.write(0, Buffer.alloc(BLOCK_BYTES))
    const took: number[] = []
    const blocks: number[] = []
    await write() // nobody watches yet
    statistics.watch({ wrote: (first, end) => void blocks.push(first, end), told: () => {}, took: ({ count }) => void took.push(count) })
    await write()
    await write()
    statistics.tellLatency()
    await write()
    expect(statistics.takeInterval().latency.count).toBe(4)
    statistics.note(10, null, 5)
    statistics.watch(null)
    await write()
    expect(statistics.takeInterval().latency.count).toBe(2)
    expect(statistics.takeInterval().latency.count).toBe(0)
    expect([took, blocks]).toEqual([[2, 1, 1], [0, 1, 0, 1, 0, 1]])
  })

  test('the throttle delays the acknowledgement, not the write', async () => {
    const clock = fakeClock()
    const bucket = new TokenBucket(clock)
    bucket.setRate(1000)
    const device = new WriteThrottle(memoryDevice(BLOCK_BYTES), bucket)
    const acknowledged = device.write(0, Buffer.alloc(2000, 1))
    const seen = Buffer.alloc(1)
    await device.read(0, seen)
    expect(seen[0]).toBe(1)
    await acknowledged
    expect(clock.atMs).toBeGreaterThan(1800)
  })

  test.each([
    { values: [1, 1, 1, 1], share: 0.99, least: 1, most: 1.2 },
    { values: [...Array.from({ length: 99 }, () => 1), 500], share: 0.99, least: 1, most: 1.2 },
    { values: [...Array.from({ length: 90 }, () => 1), ...Array.from({ length: 10 }, () => 500)], share: 0.99, least: 500, most: 600 },
  ])('the $share percentile lies between $least and $most ms', ({ values, share, least, most }) => {
    const histogram = new LatencyHistogram()
    for (const value of values) histogram.record(value)
    const found = histogram.percentile(share) ?? 0
    expect(found).toBeGreaterThanOrEqual(least)
    expect(found).toBeLessThanOrEqual(most)
  })
})

describe('content', () => {
  test('zero detection sees a single byte anywhere', () => {
    const data = Buffer.alloc(3 * 1024 * 1024 + 5)
    expect(isZero(data)).toBe(true)
    data[data.length - 1] = 1
    expect(isZero(data)).toBe(false)
  })

  test.each([
    { blocks: [0], runs: [{ first: 0, end: 1 }] },
    { blocks: [0, 3], runs: [{ first: 0, end: 4 }] },
    { blocks: [1, 12], runs: [{ first: 1, end: 2 }, { first: 12, end: 13 }] },
    { blocks: [], runs: [] },
  ])('non-zero blocks $blocks are sent as $runs', ({ blocks, runs }) => {
    const data = Buffer.alloc(16 * BLOCK_BYTES)
    for (const block of blocks) data[block * BLOCK_BYTES + 7] = 1
    expect(nonZeroRuns(data)).toEqual(runs)
  })
})
