import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONGEST_SPAN, MinuteStamps, SAVED_STAMPS } from './minute-stamps.ts'

const SPANS = [1, 5, 15, 60, 360, 1440]

describe('MinuteStamps', () => {
  test('counts different blocks in every span as a plain list of all writes does', () => {
    const writes = fc.array(fc.record({ later: fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 2, max: 2_000 })), first: fc.integer({ min: 0, max: 99 }), count: fc.integer({ min: 1, max: 20 }) }), { maxLength: 60 })
    fc.assert(fc.property(writes, fc.integer({ min: 0, max: 200_000 }), (list, start) => {
      const stamps = new MinuteStamps(100, 1, start)
      const log: { block: number; minute: number }[] = []
      let minute = start
      for (const { later, first, count } of list) {
        minute += later
        stamps.turn(minute)
        stamps.mark(first, first + count)
        for (let block = first; block < Math.min(100, first + count); block += 1) log.push({ block, minute })
        for (const span of SPANS) expect(stamps.blocksIn(span)).toBe(new Set(log.filter((write) => minute - write.minute < span).map((write) => write.block)).size)
      }
    }), { numRuns: 60 })
  })

  test('forgets stamps before their number comes round again', () => {
    const stamps = new MinuteStamps(5_000, 1, 7)
    stamps.mark(0, 5_000)
    for (let minute = 8; minute < 7 + 46 * LONGEST_SPAN; minute += 1) stamps.turn(minute)
    stamps.mark(0, 10)
    expect(SPANS.map((span) => stamps.blocksIn(span))).toEqual(SPANS.map(() => 10))
    expect(stamps.stamps.filter((stamp) => stamp !== 0)).toHaveLength(10)
  })

  test('goes on from what was saved, and tells each changed part once', () => {
    const before = new MinuteStamps(3 * SAVED_STAMPS, 1, 1_000)
    before.mark(5, 10)
    before.turn(1_030)
    before.mark(8, 12)
    before.mark(2 * SAVED_STAMPS, 2 * SAVED_STAMPS + 1)
    expect([before.takeChanged(0), before.takeChanged(0), before.takeChanged(0)]).toEqual([0, 2, null])
    const after = new MinuteStamps(3 * SAVED_STAMPS, 1, 1_059)
    after.load(before.stamps)
    expect([1, 15, 30, 60, 1440].map((span) => after.blocksIn(span))).toEqual([0, 0, 5, 8, 8])
    after.mark(8, 9)
    expect([1, 30, 60].map((span) => after.blocksIn(span))).toEqual([1, 5, 8])
  })

  test('watches one block in 16 of a large disk, and is right within what was promised, whatever the pattern', () => {
    const per = 16
    const blocks = 1 << 20
    const random = new MinuteStamps(blocks, per, 0)
    const written = new Set<number>()
    let seed = 12_345
    for (let index = 0; index < 60_000; index += 1) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      const block = seed % blocks
      written.add(block)
      random.mark(block, block + 1)
    }
    const strided = new MinuteStamps(blocks, per, 0)
    for (let block = 0; block < blocks; block += 16) strided.mark(block, block + 1)
    const whole = new MinuteStamps(blocks, per, 0)
    whole.mark(1_000, 501_000)
    // Four standard errors.
    const within = (count: number) => 4 * Math.sqrt(per / count)
    for (const [stamps, count] of [[random, written.size], [strided, blocks / 16], [whole, 500_000]] as const)
      expect(Math.abs(stamps.blocksIn(1) / count - 1)).toBeLessThan(within(count))
  })
})
