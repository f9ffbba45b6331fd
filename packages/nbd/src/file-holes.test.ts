import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFileDevice } from './file-device.ts'
import { fileHoles } from './file-holes.ts'

const BLOCK = 4096
const BLOCKS = 64
const SIZE = BLOCKS * BLOCK

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-holes-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const range = fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE)).map(([offset, length]) => ({ offset, length: Math.max(1, Math.min(length, SIZE - offset)) }))

test('on Linux the C library can be asked', async () => {
  expect(await fileHoles === null).toBe(process.platform !== 'linux')
})

test('whatever is written and zeroed: what is told to be a hole reads as zero, every range is covered, and the content is right', async () => {
  let files = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ range, zero: fc.boolean(), asked: range }), { minLength: 1, maxLength: 12 }), async (steps) => {
      const device = await openFileDevice(join(folder, `${(files += 1)}.raw`), { create: { sizeBytes: SIZE } })
      const model = Buffer.alloc(SIZE)
      for (const [index, { range: { offset, length }, zero, asked }] of steps.entries()) {
        if (zero) await device.writeZeroes(offset, length)
        else await device.write(offset, Buffer.alloc(length, index + 1))
        model.fill(zero ? 0 : index + 1, offset, offset + length)
        const told = (await device.extents?.(asked.offset, asked.length)) ?? [{ length: asked.length, zero: false }]
        let at = asked.offset
        for (const extent of told) {
          expect(extent.length).toBeGreaterThan(0)
          if (extent.zero) expect(model.subarray(at, at + extent.length).every((byte) => byte === 0)).toBe(true)
          at += extent.length
        }
        expect(at).toBe(asked.offset + asked.length)
        expect(told.every((extent, place) => extent.zero !== told[place + 1]?.zero)).toBe(true)
      }
      const read = Buffer.alloc(SIZE)
      await device.read(0, read)
      expect(read.equals(model)).toBe(true)
      await device.close()
    }),
    { numRuns: 100 },
  )
})

test('zeroes give their space back, and are told as a hole', async () => {
  const path = join(folder, 'space.raw')
  const device = await openFileDevice(path, { create: { sizeBytes: SIZE } })
  await device.write(0, Buffer.alloc(SIZE, 1))
  await device.flush()
  const before = (await stat(path)).blocks
  await device.writeZeroes(0, SIZE / 2)
  await device.flush()
  expect((await stat(path)).blocks).toBeLessThan(before)
  expect(await device.extents?.(0, SIZE)).toEqual([{ length: SIZE / 2, zero: true }, { length: SIZE / 2, zero: false }])
  await device.close()
})

test('a file that nothing is known of is data from end to end, and is not punched', async () => {
  const holes = await fileHoles
  if (holes === null) return
  const noFile = 1_000_000
  expect(await holes.extents(noFile, 0, SIZE)).toEqual([{ length: SIZE, zero: false }])
  expect(await holes.punch(noFile, 0, SIZE)).toBe(false)
})
