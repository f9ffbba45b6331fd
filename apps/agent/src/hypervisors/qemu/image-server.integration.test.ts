import { randomFillSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { qemuTestHost, withoutQemu } from '../../../../../tests/support/qemu.ts'
import { runningQemu } from './process.ts'
import { QemuHost } from './qemu-host.ts'
import { imagePaths } from './vm-record.ts'

const MIB = 1024 * 1024
const SLOW_MS = 120_000

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A VM that is off, with a raw disk and one of qcow2, and how an agent sees it. */
async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'dl-q-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const host = await qemuTestHost(folder, 'host')
  cleanups.push(() => host.close())
  await host.makeVm({ ref: 'vm-1', disks: [{ sizeBytes: 16 * MIB, format: 'raw' }, { sizeBytes: 8 * MIB, format: 'qcow2' }] })
  const agent = async () => {
    const qemu = new QemuHost(host.directory, host.program)
    const vm = await qemu.get('vm-1')
    const [raw, qcow2] = vm.record.disks
    if (raw === undefined || qcow2 === undefined) throw new Error('The VM was made with two disks.')
    return { vm, raw, qcow2, settings: await qemu.settings() }
  }
  return { agent }
}

async function readBytes(device: BlockDevice, offset: number, length: number): Promise<Buffer> {
  const into = Buffer.alloc(length)
  await device.read(offset, into)
  return into
}

describe.skipIf(withoutQemu)('a disk of a VM that is off', () => {
  test('holds what was written to it, raw or not; meanwhile the VM is not powered on, afterwards it is', async () => {
    const { agent } = await setUp()
    const { vm, raw, qcow2, settings } = await agent()
    for (const disk of [raw, qcow2]) {
      const device = await vm.openDisk(disk)
      expect(device.sizeBytes).toBe(disk === raw ? 16 * MIB : 8 * MIB)
      const data = randomFillSync(Buffer.alloc(100_000))
      await device.write(3 * MIB, data)
      await device.writeZeroes(3 * MIB, 4096)
      await device.flush()
      await expect(vm.powerOn(settings)).rejects.toThrow(/from outside/)
      await device.close()
      const again = await vm.openDisk(disk)
      expect((await readBytes(again, 3 * MIB, data.length)).equals(Buffer.concat([Buffer.alloc(4096), data.subarray(4096)]))).toBe(true)
      await again.close()
      expect(await runningQemu(imagePaths(vm.paths, disk.key).pid)).toBeNull()
    }
    await vm.powerOn(settings)
    await expect(vm.openDisk(raw)).rejects.toThrow(/is not off/)
    await vm.powerOff()
  }, SLOW_MS)

  test('is let go of by whoever comes after an agent that was killed with it open', async () => {
    const { agent } = await setUp()
    const killed = await agent()
    const data = randomFillSync(Buffer.alloc(4096))
    const left = await killed.vm.openDisk(killed.qcow2)
    await left.write(0, data)
    const next = await agent()
    const device = await next.vm.openDisk(next.qcow2)
    expect((await readBytes(device, 0, data.length)).equals(data)).toBe(true)
    // Killed once more; this time the VM is powered on.
    const last = await agent()
    await last.vm.powerOn(last.settings)
    expect(await runningQemu(imagePaths(last.vm.paths, last.qcow2.key).pid)).toBeNull()
    await last.vm.powerOff()
    await Promise.allSettled([left.close(), device.close()])
  }, SLOW_MS)
})
