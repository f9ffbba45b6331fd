import { readFileSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { labCalls } from '@driftless/lab-api'
import { openFileDevice, serveNbd } from '@driftless/nbd'
import type { BlockDevice, NbdServer } from '@driftless/nbd'
import { openLabHost } from './host/lab-host.ts'
import type { LabHost } from './host/lab-host.ts'
import { RECORD_BYTES } from './guest/ledger.ts'
import { scenario } from './scenario.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }
const plan = scenario.parse({
  seed: 'test',
  vms: [{
    ref: 'vm', name: 'vm', guestOs: 'Debian GNU/Linux 12', cpus: 1, memoryMiB: 256, network: 'n', ledgerRecordsPerSecond: 100, rewriteKiBPerSecond: 2048, workingSet: 1,
    disks: [{ sizeMiB: 24, filledMiB: 6, scratchMiB: 2 }, { sizeMiB: 16, filledMiB: 2, scratchMiB: 2 }],
  }],
})

let folder = ''
let host: LabHost
let devices: BlockDevice[] = []
let servers: NbdServer[] = []
/** What stands between the guest and its file: the tests' place for faults. */
let tamper: (disk: number, device: BlockDevice) => BlockDevice = (_disk, device) => device

async function vm() {
  const answer = labCalls['list-vms'].output.parse(await host.call('list-vms', {}))
  const [found] = answer.vms
  if (!found) throw new Error('The host has lost its VM.')
  return found
}
async function serve() {
  const { disks } = await vm()
  servers = await Promise.all(disks.map(async (disk, at) => {
    const device = await openFileDevice(disk.path)
    devices.push(device)
    return serveNbd({ socketPath: disk.socket, exportName: disk.key, device: tamper(at, device) })
  }))
}
async function unserve() {
  await Promise.all(servers.map((server) => server.close()))
  await Promise.all(devices.map((device) => device.close()))
  servers = []
  devices = []
}
const open = () => openLabHost({ folder: join(folder, 'state'), nbdFolder: join(folder, 'nbd'), traceFile: null, scenario: plan })
const healthy = async () => expect.poll(async () => (await vm()).health, PATIENCE).toBe('HEALTHY')
const acknowledged = async (more: number) => {
  const before = (await vm()).acknowledgedSequence
  await expect.poll(async () => (await vm()).acknowledgedSequence, PATIENCE).toBeGreaterThan(before + more)
}

/** What `create-vm` takes, of the VM as it is. */
async function shape() {
  const { vm: described, workload } = labCalls['describe-vm'].output.parse(await host.call('describe-vm', { ref: 'vm' }))
  return { ...described, workload }
}
/** Kills the guest's process behind its host's back. */
async function crash() {
  const [guest] = childrenOf(process.pid).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('guest/main.ts'))
  if (guest === undefined) throw new Error('The guest has no process.')
  process.kill(guest, 'SIGKILL')
  await expect.poll(async () => (await vm()).power, PATIENCE).toBe('OFF')
}
const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-'))
  await mkdir(join(folder, 'nbd'))
  tamper = (_disk, device) => device
  host = await open()
})
afterEach(async () => {
  await host.close()
  await unserve()
  await rm(folder, { recursive: true })
})

describe('a lab guest', () => {
  test('finds its files whole, works, shuts down in order, and finds all it had acknowledged at the next boot', async () => {
    await serve()
    await healthy()
    await acknowledged(20)
    await host.call('shutdown', { ref: 'vm' })
    await expect.poll(async () => (await vm()).power, PATIENCE).toBe('OFF')
    const { acknowledgedSequence, lastWriteAtMs } = await vm()
    expect(lastWriteAtMs).not.toBeNull()
    await host.call('power-on', { ref: 'vm' })
    await healthy()
    expect((await vm()).sequenceAtBoot).toBe(acknowledgedSequence)
  })

  test('powered on while it is still shutting down runs again: a rollback is not lost', async () => {
    await serve()
    await healthy()
    await acknowledged(5)
    await host.call('shutdown', { ref: 'vm' })
    await host.call('power-on', { ref: 'vm' })
    expect((await vm()).power).not.toBe('OFF')
    // A boot's own first check finds what the one before had acknowledged.
    await expect.poll(async () => (await vm()).sequenceAtBoot, PATIENCE).toBeGreaterThan(0)
    await acknowledged(5)
    expect((await vm()).power).toBe('ON')
  })

  test('that is killed in mid-write is healthy afterwards, with every acknowledged record', async () => {
    await serve()
    await healthy()
    for (let round = 0; round < 3; round += 1) {
      await acknowledged(5 + round)
      await host.call('power-off', { ref: 'vm' })
      const { acknowledgedSequence } = await vm()
      await host.call('power-on', { ref: 'vm' })
      await healthy()
      expect((await vm()).sequenceAtBoot).toBeGreaterThanOrEqual(acknowledgedSequence)
    }
  })

  test('waits while nobody serves its disks, and goes on', async () => {
    await serve()
    await healthy()
    await acknowledged(5)
    await unserve()
    await serve()
    await acknowledged(5)
    expect((await vm()).health).toBe('HEALTHY')
  })

  test('belongs to its host: started again with it', async () => {
    await serve()
    await healthy()
    await acknowledged(5)
    await host.close()
    host = await open()
    await healthy()
    await acknowledged(1)
  })

  test('remembers over its host’s restart when it wrote last, as long as it is off', async () => {
    await serve()
    await healthy()
    await acknowledged(5)
    await host.call('shutdown', { ref: 'vm' })
    await expect.poll(async () => (await vm()).power, PATIENCE).toBe('OFF')
    const { firstWriteAtMs, lastWriteAtMs } = await vm()
    expect(firstWriteAtMs).not.toBeNull()
    await host.close()
    host = await open()
    expect(await vm()).toMatchObject({ power: 'OFF', firstWriteAtMs, lastWriteAtMs })
  })

  test('that waits for its disks ends when it is asked to shut down', async () => {
    await expect.poll(async () => (await vm()).health, PATIENCE).toBe('CHECKING')
    await host.call('shutdown', { ref: 'vm' })
    await expect.poll(async () => (await vm()).power, PATIENCE).toBe('OFF')
    expect((await vm()).health).not.toBe('BROKEN')
  })

  test('that crashes is off and broken; it can be created anew, and removed', async () => {
    await serve()
    await healthy()
    await crash()
    expect(await vm()).toMatchObject({ health: 'BROKEN', healthDetail: expect.stringMatching(/ended unexpectedly .*SIGKILL/) })
    await host.call('create-vm', await shape())
    expect(await vm()).toMatchObject({ power: 'OFF', health: 'UNKNOWN', healthDetail: null })
    await host.call('power-on', { ref: 'vm' })
    await healthy()
    await crash()
    await host.call('remove-vm', { ref: 'vm' })
    expect(await host.call('list-vms', {})).toEqual({ vms: [] })
  })

  test('that is stopping is neither created over nor removed', async () => {
    await serve()
    await healthy()
    await acknowledged(5)
    const input = await shape()
    // Nothing answers its flush, so that it stays in its shutdown.
    await unserve()
    await host.call('shutdown', { ref: 'vm' })
    expect((await vm()).power).toBe('STOPPING')
    for (const call of ['create-vm', 'remove-vm'] as const) await expect(host.call(call, call === 'create-vm' ? input : { ref: 'vm' })).rejects.toMatchObject({ code: 'VM_RUNNING' })
    await serve()
    await expect.poll(async () => (await vm()).power, PATIENCE).toBe('OFF')
    await host.call('create-vm', input)
  })

  test.each([
    { of: 'a ledger record', lost: (data: Buffer) => data.length === RECORD_BYTES },
    { of: 'a rewrite', lost: (data: Buffer) => data.length > RECORD_BYTES },
  ])('notices that $of it was told is written was not', async ({ lost }) => {
    let dropping = false
    tamper = (_disk, device) => ({ ...device, writeNow: () => false, write: (offset, data) => (dropping && lost(data) ? Promise.resolve() : device.write(offset, data)) })
    await serve()
    await healthy()
    await acknowledged(10)
    dropping = true
    await acknowledged(10)
    dropping = false
    await acknowledged(2)
    await host.call('power-off', { ref: 'vm' })
    await host.call('power-on', { ref: 'vm' })
    await expect.poll(async () => (await vm()).health, PATIENCE).toBe('BROKEN')
    expect((await vm()).healthDetail).toMatch(/missing|torn|should be/)
  })

  test('notices one flipped bit in a file', async () => {
    await serve()
    await healthy()
    await host.call('shutdown', { ref: 'vm' })
    await expect.poll(async () => (await vm()).power, PATIENCE).toBe('OFF')
    const device = devices[0]
    if (!device) throw new Error('no disk')
    const piece = Buffer.alloc(4096)
    // The first document follows the file system's tables, in the first tenth of the disk.
    for (let offset = 1024 * 1024; ; offset += 4096) {
      await device.read(offset, piece)
      if (piece.every((byte) => byte !== 0)) {
        piece[100] = (piece[100] ?? 0) ^ 1
        await device.write(offset, piece)
        break
      }
    }
    await host.call('power-on', { ref: 'vm' })
    await expect.poll(async () => (await vm()).health, PATIENCE).toBe('BROKEN')
    expect((await vm()).healthDetail).toMatch(/has changed/)
  })
})
