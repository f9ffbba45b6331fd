import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TokenBucket } from '../../block/token-bucket.ts'
import { Load, Told, firstDifference, mapOf, missing, readAll } from '../../tap/testing/guest-load.ts'
import { driveOf } from './in-path-tap-drive.ts'
import { InPathTap } from './in-path-tap.ts'
import { listNodes, namesIn } from './qemu-disk.ts'
import { kill, startChild, testFolder } from './testing/disk-bed.ts'
import { startVm } from './testing/vm-bed.ts'
import type { TestVm } from './testing/vm-bed.ts'

/** Beside other work, a process to start and QEMU's growing pauses between two tries to reconnect take their time. */
const SLOW_MS = 90_000

let folder = ''
let vm: TestVm
const attach = () => InPathTap.attach(vm.disk, { throttle: new TokenBucket(), statePath: `${vm.disk.socketPath}.state` })
const drive = async () => driveOf(await vm.link.connect(), 'vd0')

beforeEach(async () => {
  folder = await testFolder()
  vm = await startVm(folder)
})
afterEach(async () => {
  await vm.close()
  await rm(folder, { recursive: true, force: true })
})

test('goes into the path under load, sees every write before the guest hears of it, and leaves it again', async () => {
  const told = new Told()
  let listening = false
  const unseen: number[] = []
  const load = new Load(vm.guest, 51, (first, end) => {
    for (let block = first; listening && block < end; block += 1) if (!told.blocks.has(block)) unseen.push(block)
  }).start()
  await load.more(50)
  const tap = await attach()
  expect(await drive()).toBe(namesIn(vm.disk).pathNode)
  await tap.listen(told)
  await load.turn()
  listening = true
  await load.more(200)
  listening = false
  expect(unseen).toEqual([])
  expect(tap.statistics.writtenBytes).toBeGreaterThan(200 * 512)
  await tap.listen(null)
  await tap.close()
  expect(await drive()).toBe('disk0')
  expect([...(await listNodes(await vm.link.connect())).keys()].filter((name) => name.includes('driftless'))).toEqual([])
  await load.more(50)
  await load.stop()
  expect(load.errors).toEqual([])
  expect(told.lostTimes).toBe(0)
  const again = await attach()
  expect(firstDifference(await readAll(again.device), load.content)).toBe(-1)
  await again.close()
})

test('killed under load, the guest waits for its next life, which recalls every write', { timeout: SLOW_MS }, async () => {
  const load = new Load(vm.guest, 52)
  const child = await startChild('IN_PATH', vm.disk, vm.link.socketPath, 'epoch-1')
  load.start()
  await load.startCounting()
  await load.more(100)
  await kill(child)
  const tap = await attach()
  await load.more(100)
  expect(await drive()).toBe(namesIn(vm.disk).pathNode)
  const acknowledged = load.acknowledged
  const recalled = await tap.history.recall('epoch-1')
  expect(recalled).not.toBeNull()
  expect(missing(acknowledged, mapOf(recalled ?? []))).toEqual([])
  await load.stop()
  expect(load.errors).toEqual([])
  expect(firstDifference(await readAll(tap.device), load.content)).toBe(-1)
  await tap.close()
})

test('killed and not coming back, it is taken out of the path; the next life knows that it does not know', { timeout: SLOW_MS }, async () => {
  const load = new Load(vm.guest, 53)
  const child = await startChild('IN_PATH', vm.disk, vm.link.socketPath, 'epoch-1', 500)
  load.start()
  await load.more(100)
  await kill(child)
  await load.more(200)
  await expect.poll(drive, { timeout: 60_000 }).toBe('disk0')
  await load.more(50)
  const told = new Told()
  const tap = await attach()
  expect(await tap.history.recall('epoch-1')).toBeNull()
  await tap.listen(told)
  await load.turn()
  await load.more(50)
  await load.stop()
  expect(load.errors).toEqual([])
  expect(firstDifference(await readAll(tap.device), load.content)).toBe(-1)
  await tap.close()
})

test('put out of the path by somebody else, it says that writes went unseen, and goes back in', async () => {
  const told = new Told()
  const tap = await attach()
  await tap.listen(told)
  await tap.history.begin('epoch-1')
  await (await vm.link.connect()).execute('qom-set', { path: '/machine/peripheral/vd0', property: 'drive', value: 'disk0' })
  await tap.settle()
  expect(told.lostTimes).toBe(1)
  expect(await tap.history.recall('epoch-1')).toBeNull()
  expect(await drive()).toBe(namesIn(vm.disk).pathNode)
  await tap.close()
})

test('refuses what is not a raw image, and says what to choose', async () => {
  await expect(InPathTap.attach({ ...vm.disk, rawPath: null }, { throttle: new TokenBucket(), statePath: folder })).rejects.toThrow(/mirror or the bitmaps/)
})
