import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openFileDevice, serveNbd } from '@driftless/nbd'
import { qemuTestHost, withoutQemu } from '../../../../../tests/support/qemu.ts'
import type { QemuTestVm } from '../../../../../tests/support/qemu.ts'
import { eventually } from '../../testing/pair.ts'
import type { HypervisorVm, ShadowVm } from '../hypervisor.ts'
import { runningQemu } from './process.ts'
import { QemuHost } from './qemu-host.ts'
import { qemuHypervisor } from './qemu-hypervisor.ts'
import { vmPaths, vmRecord } from './vm-record.ts'

const MIB = 1024 * 1024
/** A guest boots in two seconds under emulation; beside other work in several times that. */
const SLOW_MS = 180_000

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp(vm: QemuTestVm = { ref: 'vm-1', disks: [{ sizeBytes: 16 * MIB, format: 'raw' }, { sizeBytes: 8 * MIB, format: 'qcow2' }] }) {
  const folder = await mkdtemp(join(tmpdir(), 'dl-q-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const host = await qemuTestHost(folder, 'host')
  cleanups.push(() => host.close())
  const disks = await host.makeVm(vm)
  const open = () => qemuHypervisor({ directory: host.directory, program: host.program, tap: 'mirror' })
  const hypervisor = open()
  const see = async (ref = vm.ref): Promise<HypervisorVm> => {
    const found = await hypervisor.findVm(ref)
    if (found === null) throw new Error(`no VM ${ref}`)
    return found
  }
  const writing = (ref = vm.ref, past = 0) => eventually(`${ref} writes`, async () => {
    await new Promise((resolve) => setTimeout(resolve, 100)) // asking without a pause would slow the guest
    const { guest } = await see(ref)
    if (guest.health === 'BROKEN') throw new Error(guest.healthDetail ?? 'broken')
    return guest.acknowledgedSequence > past && guest.firstWriteAtMs !== null
  }, 90)
  const off = (ref = vm.ref) => eventually(`${ref} is off`, async () => (await see(ref)).guest.power === 'OFF')
  return { folder, host, disks, hypervisor, open, see, writing, off, pidFile: join(host.directory, vm.ref, 'pid') }
}

/** The shadow of `vm` over a copy of its first disk, which we serve. */
async function shadowOf(vm: HypervisorVm, folder: string, path: string, changes: Partial<ShadowVm> = {}): Promise<ShadowVm> {
  const device = await openFileDevice(path)
  const socketPath = join(folder, 'shadow.sock')
  const server = await serveNbd({ socketPath, exportName: 'disk-0', device })
  cleanups.push(async () => {
    await server.close()
    await device.close()
  })
  return {
    ref: 'shadow-1', name: vm.name, guestOs: vm.guestOs, cpus: vm.cpus, memoryBytes: vm.memoryBytes, network: vm.network, storage: 's',
    acknowledgedSequence: vm.guest.acknowledgedSequence, shadowNeeds: vm.shadowNeeds,
    disks: [{ key: 'disk-0', sizeBytes: device.sizeBytes, path, socketPath }], ...changes,
  }
}

describe.skipIf(withoutQemu)('QEMU as a hypervisor', () => {
  test('a VM is listed, powered on, outlives its adapter, shuts down in order, and starts again with all it had acknowledged', async () => {
    const { disks, hypervisor, open, see, writing, off, pidFile } = await setUp()
    const [listed] = await hypervisor.listVms()
    expect(listed).toMatchObject({ ref: 'vm-1', cpus: 1, network: 'none', guest: { power: 'OFF', health: 'UNKNOWN' } })
    expect(listed?.disks.map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([['disk-0', 16 * MIB], ['disk-1', 8 * MIB]])
    await hypervisor.powerOn('vm-1')
    await hypervisor.powerOn('vm-1')
    await writing()
    const pid = await runningQemu(pidFile)
    expect(pid).not.toBeNull()

    // Another agent, as after a kill of the first: the first one's connection is gone.
    await expect(open().findVm('vm-1')).rejects.toThrow(/another program is connected/)
    expect((await see()).guest).toMatchObject({ power: 'ON', health: 'HEALTHY', sequenceAtBoot: 0 })

    await hypervisor.shutdown('vm-1')
    await off()
    expect(await runningQemu(pidFile)).toBe(pid)
    const { guest } = await see()
    expect(guest.acknowledgedSequence).toBeGreaterThan(0)
    // Its clock was asked for: what it told of is of the last minute of ours.
    expect(Math.abs((guest.lastWriteAtMs ?? 0) - Date.now())).toBeLessThan(SLOW_MS)
    expect(guest.lastWriteAtMs).toBeGreaterThanOrEqual(guest.firstWriteAtMs ?? Infinity)
    expect((await see()).disks[0]?.usedBytes).toBeGreaterThan(0)

    await hypervisor.powerOn('vm-1')
    await writing('vm-1', guest.acknowledgedSequence)
    expect(await runningQemu(pidFile)).toBe(pid)
    expect((await see()).guest.sequenceAtBoot).toBe(guest.acknowledgedSequence)
    await hypervisor.powerOff('vm-1')
    expect((await see()).guest.power).toBe('OFF')
    expect(await runningQemu(pidFile)).toBeNull()
    await hypervisor.removeVm('vm-1')
    expect(await hypervisor.findVm('vm-1')).toBeNull()
    for (const path of disks) expect((await stat(path)).size).toBeGreaterThan(0)
  }, SLOW_MS)

  test('a running VM is not removed; a paused one acknowledges nothing until it is resumed', async () => {
    const { hypervisor, see, writing } = await setUp({ ref: 'vm-1', disks: [{ sizeBytes: 16 * MIB, format: 'qcow2' }] })
    await hypervisor.powerOn('vm-1')
    await writing()
    await expect(hypervisor.removeVm('vm-1')).rejects.toThrow(/running; power it off/)
    await hypervisor.pause('vm-1')
    const { guest: { acknowledgedSequence: before } } = await see()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await see()).guest).toMatchObject({ power: 'ON', acknowledgedSequence: before })
    await hypervisor.resume('vm-1')
    await writing('vm-1', before)
  }, SLOW_MS)

  test('a shadow boots from a socket, finds every acknowledged record, and says when one is missing', async () => {
    const { folder, disks: [disk = ''], hypervisor, see, writing, off } = await setUp({ ref: 'vm-1', disks: [{ sizeBytes: 16 * MIB, format: 'raw' }] })
    await hypervisor.powerOn('vm-1')
    await writing()
    await hypervisor.shutdown('vm-1')
    await off()
    const source = await see()
    const copy = join(folder, 'copy.raw')
    await writeFile(copy, await readFile(disk))
    const shadow = await shadowOf(source, folder, copy)
    await hypervisor.createShadow(shadow)
    await hypervisor.createShadow(shadow)
    await hypervisor.powerOn('shadow-1')
    await writing('shadow-1')
    expect((await see('shadow-1')).guest.sequenceAtBoot).toBe(source.guest.acknowledgedSequence)
    await expect(hypervisor.createShadow({ ...shadow, acknowledgedSequence: 1 })).rejects.toThrow(/Power it off first/)
    await hypervisor.powerOff('shadow-1')
    await hypervisor.removeVm('shadow-1')

    await hypervisor.createShadow({ ...shadow, acknowledgedSequence: source.guest.acknowledgedSequence + 100_000 })
    await hypervisor.powerOn('shadow-1')
    await eventually('the shadow has checked its ledger', async () => (await see('shadow-1')).guest.health === 'BROKEN', 90)
    expect((await see('shadow-1')).guest.healthDetail).toMatch(/was acknowledged; the ledger ends at/)
    await expect(hypervisor.createShadow({ ...shadow, ref: 'shadow-2', shadowNeeds: {} })).rejects.toThrow(/both sites use QEMU/)
  }, SLOW_MS)

  test('a guest that keeps no ledger is asked by its agent how it is, also where another program started it', async () => {
    const { host, hypervisor, see, off } = await setUp({ ref: 'vm-1', disks: [{ sizeBytes: 16 * MIB, format: 'raw' }, { sizeBytes: 8 * MIB, format: 'qcow2' }], reports: false })
    const paths = vmPaths(join(host.directory, 'vm-1'))
    const record = vmRecord.parse(JSON.parse(await readFile(paths.record, 'utf8')))
    // The second VM is the first one's QEMU, seen as somebody else's.
    const theirs = vmPaths(join(host.directory, 'theirs'))
    await mkdir(theirs.folder)
    await writeFile(theirs.record, JSON.stringify({ ...record, ref: 'theirs', external: { qmpSocket: paths.monitor, guestAgentSocket: paths.guestAgent } }))
    expect((await see('theirs')).guest.power).toBe('OFF')
    await expect(hypervisor.powerOn('theirs')).rejects.toThrow(/another program.*Start it there/)

    await hypervisor.powerOn('vm-1')
    const up = (ref: string) => eventually(`${ref} is up and writes`, async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const { guest } = await see(ref)
      return guest.power === 'ON' && guest.health === 'HEALTHY' && guest.firstWriteAtMs !== null
    }, 90)
    await up('vm-1')
    await up('theirs')
    expect((await see('theirs')).guest).toMatchObject({ acknowledgedSequence: 0, sequenceAtBoot: 0 })
    await hypervisor.shutdown('theirs')
    await off('theirs')
    expect((await see('theirs')).guest.lastWriteAtMs).not.toBeNull()
    expect((await see('vm-1')).guest.power).toBe('OFF')

    // Its disks can be written to, but for one that its QEMU keeps to itself, which is not ours to end.
    hypervisor.close()
    const others = await new QemuHost(host.directory, host.program).get('theirs')
    const [raw, qcow2] = others.record.disks
    if (raw === undefined || qcow2 === undefined) throw new Error('The VM was made with two disks.')
    await (await others.openDisk(raw)).close()
    await expect(others.openDisk(qcow2)).rejects.toThrow(/another program runs.*Let that program end it/)
    others.close()
  }, SLOW_MS)

  test('what cannot be started says why', async () => {
    const { host, hypervisor } = await setUp()
    await rm(join(host.directory, '..', 'host-images', 'vm-1-0.raw'))
    await expect(hypervisor.powerOn('vm-1')).rejects.toThrow(/could not be powered on.*No such file/s)
    await expect(qemuHypervisor({ directory: host.directory, program: 'no-such-qemu', tap: 'mirror' }).powerOn('vm-1')).rejects.toThrow(/QEMU_SYSTEM/)
    await expect(hypervisor.powerOn('vm-9')).rejects.toThrow(/There is no VM "vm-9"/)
    await expect(qemuHypervisor({ directory: join(host.directory, 'none'), program: host.program, tap: 'mirror' }).listVms()).rejects.toThrow(/QEMU_DIR/)
  })
})
