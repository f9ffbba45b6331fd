import { expect, test } from 'vitest'
import { bitmapGranularity } from './qemu-disk.ts'

test.each([
  { sizeGiB: 1, granularityKiB: 4 },
  { sizeGiB: 128, granularityKiB: 4 },
  { sizeGiB: 129, granularityKiB: 8 },
  { sizeGiB: 2048, granularityKiB: 64 },
  { sizeGiB: 65_536, granularityKiB: 1024 },
])('a disk of $sizeGiB GiB has bitmaps of $granularityKiB KiB a bit', ({ sizeGiB, granularityKiB }) => {
  expect(bitmapGranularity(sizeGiB * 2 ** 30)).toBe(granularityKiB * 1024)
})
