import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Noise, contentOf } from './content.ts'

const BYTES = 4 * 1024 * 1024

test('content is as long as wanted, the same for the same seed, and half of it or nothing of it shrinks', () => {
  const half = contentOf(BYTES, new Noise(1), true)
  expect(half).toHaveLength(BYTES)
  expect(half.equals(contentOf(BYTES, new Noise(1), true))).toBe(true)
  expect(half.equals(contentOf(BYTES, new Noise(2), true))).toBe(false)
  expect(zstdCompressSync(half).length / BYTES).toBeGreaterThan(0.5)
  expect(zstdCompressSync(half).length / BYTES).toBeLessThan(0.6)
  const noise = contentOf(BYTES, new Noise(1), false)
  expect(noise).toHaveLength(BYTES)
  expect(zstdCompressSync(noise).length).toBeGreaterThanOrEqual(BYTES)
})
