import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { TokenBucket } from '../../block/token-bucket.ts'
import { BitmapsTap } from './bitmaps-tap.ts'
import { MirrorTap } from './mirror-tap.ts'
import { testFolder } from './testing/disk-bed.ts'
import { startVm } from './testing/vm-bed.ts'
import type { TestVm } from './testing/vm-bed.ts'

let folder = ''
let vm: TestVm
const block = z.array(z.object({ inserted: z.object({ bps_wr: z.number(), group: z.string().default('') }) }))
const limit = async () => (await (await vm.link.connect()).execute('query-block', {}, block))[0]?.inserted

beforeEach(async () => {
  folder = await testFolder()
  vm = await startVm(folder)
})
afterEach(async () => {
  await vm.close()
  await rm(folder, { recursive: true, force: true })
})

test.each([{ name: 'mirror', Tap: MirrorTap }, { name: 'bitmaps', Tap: BitmapsTap }])('a cap is QEMU’s own limit with the $name tap, and goes with it', async ({ Tap }) => {
  const throttle = new TokenBucket()
  const tap = await Tap.attach(vm.disk, { throttle, statePath: folder })
  throttle.setRate(1_000_000)
  await expect.poll(limit).toMatchObject({ bps_wr: 1_000_000, group: expect.stringContaining('driftless') })
  throttle.setRate(null)
  await expect.poll(limit).toMatchObject({ bps_wr: 0 })
  throttle.setRate(0)
  await expect.poll(limit).toMatchObject({ bps_wr: 1 })
  throttle.setRate(null)
  await tap.close()
  expect(await limit()).toMatchObject({ bps_wr: 0 })
})

test('limits that somebody else has set stay as they are', async () => {
  const theirs = { bps: 0, bps_rd: 0, bps_wr: 5_000_000, iops: 0, iops_rd: 0, iops_wr: 0 }
  const qmp = await vm.link.connect()
  await qmp.execute('block_set_io_throttle', { id: 'vd0', ...theirs, group: 'theirs' })
  const throttle = new TokenBucket()
  throttle.setRate(1_000_000)
  const tap = await MirrorTap.attach(vm.disk, { throttle, statePath: folder })
  await vm.guest.write(0, Buffer.alloc(4096, 1))
  await tap.close()
  expect(await limit()).toMatchObject({ bps_wr: 5_000_000, group: 'theirs' })
})

test('the bitmaps tap counts what QEMU says the device wrote', async () => {
  const tap = await BitmapsTap.attach(vm.disk, { throttle: new TokenBucket(), statePath: folder })
  const told = { mark: () => {}, lost: () => {} }
  await tap.listen(told)
  await tap.settle()
  await vm.guest.write(0, Buffer.alloc(8192, 1))
  await tap.settle()
  expect(tap.statistics.writtenBytes).toBeGreaterThanOrEqual(8192)
  await tap.close()
})
