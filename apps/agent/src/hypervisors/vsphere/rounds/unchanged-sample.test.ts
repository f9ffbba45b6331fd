import { describe, expect, test } from 'vitest'
import { SAMPLE_PIECES, UnchangedSample } from './unchanged-sample.ts'

const PIECE_BYTES = 64 * 1024
const BLOCKS_A_PIECE = 16
const PIECES = 200

/** A disk in memory, and picks that go through it one piece after the other. */
function setUp() {
  const content = Buffer.alloc(PIECES * PIECE_BYTES, 1)
  let reads = 0
  let next = 0
  const sample = new UnchangedSample({
    sizeBytes: content.length,
    read: (offset, into) => {
      reads += 1
      content.copy(into, 0, offset, offset + into.length)
      return Promise.resolve()
    },
  }, (pieces) => next++ % pieces)
  return { content, sample, reads: () => reads }
}

describe('a sample of what is said to be unchanged', () => {
  test('says nothing as long as it is so, and reads a bounded number of pieces each time', async () => {
    const { sample, reads } = setUp()
    expect(await sample.check([])).toBeNull()
    expect(reads()).toBe(SAMPLE_PIECES)
    expect(await sample.check([])).toBeNull()
    expect(reads()).toBeLessThanOrEqual(SAMPLE_PIECES * 3)
  })

  test('finds a piece that changed and was not told', async () => {
    const { content, sample } = setUp()
    await sample.check([])
    content[5 * PIECE_BYTES + 17] = 2
    expect(await sample.check([])).toBe(5 * PIECE_BYTES)
  })

  test('a piece that changed and was told is nothing to speak of', async () => {
    const { content, sample } = setUp()
    await sample.check([])
    content[5 * PIECE_BYTES + 17] = 2
    expect(await sample.check([{ first: 5 * BLOCKS_A_PIECE + 3, end: 5 * BLOCKS_A_PIECE + 4 }])).toBeNull()
    expect(await sample.check([])).toBeNull()
  })

  test('goes through the disk: half of its pieces are others each time', async () => {
    const { content, sample } = setUp()
    for (let round = 0; round < 4; round += 1) await sample.check([])
    content[70 * PIECE_BYTES] = 2 // picked in the third round, and kept for the fourth
    expect(await sample.check([])).toBe(70 * PIECE_BYTES)
  })

  test('knows nothing any more when told to forget', async () => {
    const { content, sample } = setUp()
    await sample.check([])
    content.fill(3)
    sample.forget()
    expect(await sample.check([])).toBeNull()
  })
})
