import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DirtyMap } from './dirty-map.ts'

/** Chunks and a part of one, large, small or tiny, so that runs begin, end and lie in chunks that are empty, full and neither. */
const SIZES = [3 * 4096 + 200, 4096 + 40, 8192 + 9, 5]
const BLOCKS = 3 * 4096 + 200

/** Runs that cover exactly the marked blocks, as a copier would take them. */
function runsOf(map: DirtyMap, maxBlocks: number): number[] {
  const seen: number[] = []
  for (let from = 0; ; ) {
    const run = map.nextRun(from, maxBlocks)
    if (run === null) return seen
    if (run.end - run.first > maxBlocks) throw new Error('A run is longer than wanted.')
    for (let block = run.first; block < run.end; block += 1) seen.push(block)
    from = run.end
  }
}

const change = fc.record({
  mark: fc.boolean(),
  first: fc.oneof(fc.integer({ min: 0, max: BLOCKS + 10 }), fc.integer({ min: 0, max: 60 })),
  length: fc.oneof(fc.constantFrom(1, 1, 1, 2), fc.integer({ min: 0, max: 80 }), fc.constantFrom(4096, 8192, BLOCKS)),
})

describe('DirtyMap', () => {
  test.each(SIZES)('of %i blocks behaves as a set of block numbers, whatever is marked and cleared', (blocks) => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60, size: 'max' }), fc.constantFrom(1, 7, 70, 20_000), (changes, maxBlocks) => {
        const map = new DirtyMap(blocks)
        const model = new Uint8Array(blocks)
        for (const { mark, first, length } of changes) {
          if (mark) map.mark(first, first + length)
          else map.clear(first, first + length)
          model.fill(mark ? 1 : 0, first, first + length)
          expect(map.count).toBe(model.reduce((sum, marked) => sum + marked, 0))
          expect(map.any(first, first + 40)).toBe(model.subarray(first, first + 40).includes(1))
        }
        expect(runsOf(map, maxBlocks)).toEqual([...model.keys()].filter((block) => model[block] === 1))
      }),
      { seed: 1, numRuns: 60 },
    )
  })

  test('addAll makes the union', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: BLOCKS - 1 })), fc.uniqueArray(fc.integer({ min: 0, max: BLOCKS - 1 })), (left, right) => {
        const map = new DirtyMap(BLOCKS)
        const other = new DirtyMap(BLOCKS)
        for (const block of left) map.mark(block, block + 1)
        for (const block of right) other.mark(block, block + 1)
        map.addAll(other)
        const union = new Set([...left, ...right])
        expect(map.count).toBe(union.size)
        expect([...union].every((block) => map.has(block))).toBe(true)
      }),
      { seed: 1 },
    )
  })

  test('holds a disk of 4 TiB and finds its few marked blocks', () => {
    const blocks = 2 ** 30
    const map = new DirtyMap(blocks)
    const marked = fc.sample(fc.integer({ min: 0, max: blocks / 2 - 1 }), { numRuns: 500, seed: 2 }).map((half) => half * 2)
    for (const block of marked) map.mark(block, block + 1)
    expect(runsOf(map, 256)).toEqual([...new Set(marked)].sort((left, right) => left - right))
    map.mark(0, blocks)
    expect(map.count).toBe(blocks)
    map.clear(1, blocks - 1)
    expect(runsOf(map, 256)).toEqual([0, blocks - 1])
    expect(map.nextRun(1, 256)).toEqual({ first: blocks - 1, end: blocks })
  })
})
