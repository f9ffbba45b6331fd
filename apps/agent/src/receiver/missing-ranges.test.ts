import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../block/map.ts'
import { Filling, mergedRanges } from './missing-ranges.ts'
import type { Range } from './missing-ranges.ts'

const KIB = 1024

describe('what a seed did not bring', () => {
  test('ranges are in order and joined; too many become fewer, and none is lost', () => {
    expect(mergedRanges([[8, 4], [0, 4], [4, 2]])).toEqual([[0, 6], [8, 4]])
    const range = fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 50 })).map(([at, blocks]): Range => [at * BLOCK_BYTES, blocks * BLOCK_BYTES])
    fc.assert(
      fc.property(fc.array(range, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (ranges, most) => {
        const merged = mergedRanges(ranges, most)
        const covered = ranges.every(([offset, length]) => merged.some(([at, bytes]) => at <= offset && offset + length <= at + bytes))
        return merged.length <= most && covered && merged.every(([at], index) => index === 0 || at > (merged[index - 1]?.[0] ?? 0))
      }),
    )
  })

  test('is there once whole blocks of it are durable, and not before', () => {
    const filling = new Filling([[64 * KIB, 64 * KIB], [512 * KIB, 4 * KIB]], 1024 * KIB)
    filling.changes(64 * KIB, 32 * KIB)
    filling.changes(512 * KIB, 4 * KIB - 1) // the block's last byte is not written
    expect(filling.missing).toEqual([[64 * KIB, 64 * KIB], [512 * KIB, 4 * KIB]])
    expect(filling.takeDurable()).toBe(true)
    expect(filling.missing).toEqual([[96 * KIB, 32 * KIB], [512 * KIB, 4 * KIB]])
    expect(filling.takeDurable()).toBe(false)
    filling.changes(0, 1024 * KIB)
    expect(filling.takeDurable()).toBe(true)
    expect(filling.missing).toEqual([])
  })

  test('a disk may end within a block', () => {
    const filling = new Filling([[4 * KIB, 100]], 4 * KIB + 100)
    filling.changes(4 * KIB, 100)
    expect(filling.takeDurable()).toBe(true)
    expect(filling.missing).toEqual([])
  })

  test('where nothing is missing nothing is kept in mind', () => {
    const filling = new Filling([], 1024 * KIB)
    filling.changes(0, 64 * KIB)
    expect(filling.takeDurable()).toBe(false)
  })
})
