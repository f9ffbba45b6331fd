import { describe, expect, test } from 'vitest'
import { Compression } from './compression.ts'

const SLOW_LINK = 12_500_000
const TEXT = Buffer.from('a line of a log, and another one like it\n'.repeat(2_000))

/** Compresses pieces on a machine on which each takes `ms`, as often as `pays` asks for it in `pieces`; gives how often. */
async function compressing(compression: Compression, clock: { ms: number; piece: number }, pieces: number, piece: number): Promise<number> {
  clock.piece = piece
  let tried = 0
  for (let count = 0; count < pieces; count += 1) {
    if (!compression.pays(SLOW_LINK)) continue
    tried += 1
    await compression.shrink(TEXT)
  }
  return tried
}

describe('compression', () => {
  test('goes on over a slow link, stays off over one that holds nothing back', async () => {
    const compression = new Compression()
    expect(compression.pays(null)).toBe(false)
    expect(compression.pays(SLOW_LINK)).toBe(true)
    expect((await compression.shrink(TEXT))?.length).toBeLessThan(TEXT.length / 4)
    expect(compression.pays(SLOW_LINK)).toBe(true)
  })

  test('is not given up for good when the processor was busy for a while', async () => {
    const clock = { ms: 0, piece: 1 }
    // Asked at the beginning and at the end of each piece.
    const compression = new Compression(2, () => (clock.ms += clock.piece))
    await compressing(compression, clock, 100, 1)
    expect(await compressing(compression, clock, 200, 60_000)).toBeLessThan(100)
    await compressing(compression, clock, 100, 1)
    expect(await compressing(compression, clock, 100, 1)).toBe(100)
  })
})
