import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DirtyMap } from './dirty-map.ts'

const BLOCKS = 200

/** Runs that cover exactly the marked blocks, as a copier would take them. */
function runsOf(map: DirtyMap, maxBlocks: number): number[] {
  const seen: number[] = []
  for (let from = 0; ; ) {
    const run = map.nextRun(from, maxBlocks)
    if (run === null) return seen
    expect(run.end - run.first).toBeLessThanOrEqual(maxBlocks)
    for (let block = run.first; block < run.end; block += 1) seen.push(block)
    from = run.end
  }
}

const change = fc.record({ mark: fc.boolean(), first: fc.integer({ min: 0, max: BLOCKS + 10 }), length: fc.integer({ min: 0, max: 80 }) })

describe('DirtyMap', () => {
  test('behaves as a set of block numbers, whatever is marked and cleared', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.integer({ min: 1, max: 70 }), (changes, maxBlocks) => {
        const map = new DirtyMap(BLOCKS)
        const model = new Set<number>()
        for (const { mark, first, length } of changes) {
          if (mark) map.mark(first, first + length)
          else map.clear(first, first + length)
          for (let block = first; block < Math.min(first + length, BLOCKS); block += 1) {
            if (mark) model.add(block)
            else model.delete(block)
          }
          expect(map.count).toBe(model.size)
        }
        expect(runsOf(map, maxBlocks)).toEqual([...model].sort((left, right) => left - right))
      }),
      { seed: 1 },
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
})
