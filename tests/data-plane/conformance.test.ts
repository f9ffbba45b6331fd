/**
 * What every hypervisor and every tap must keep, the same for all: one VM's life from its inventory to its shadow.
 * The tests of one kind build upon one another and share the VM, for booting one takes the time.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { BlockDevice } from '@driftless/nbd'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Hypervisor, HypervisorVm } from '../../apps/agent/src/hypervisors/hypervisor.ts'
import { tapVm } from '../../apps/agent/src/tap/vm-tap.ts'
import type { VmTap } from '../../apps/agent/src/tap/vm-tap.ts'
import { eventually } from '../../apps/agent/src/testing/pair.ts'
import { PATIENCE_SECONDS, MIGRATION, startAgents } from './pair.ts'
import type { Agents } from './pair.ts'
import { SITES } from './sites.ts'
import type { Site } from './sites.ts'

const BLOCK_BYTES = 4096
const PIECE_BYTES = 1024 * 1024

/** So long an agent that was killed stays away: a guest that waits for it notices, one that need not wait goes on. */
const AWAY_MS = 1_500

/** A guest's progress is looked at this often: asking QEMU without a pause would slow the guest. */
const LOOK_MS = 100

async function contentOf(device: BlockDevice): Promise<Buffer> {
  const content = Buffer.alloc(device.sizeBytes)
  for (let offset = 0; offset < content.length; offset += PIECE_BYTES) await device.read(offset, content.subarray(offset, offset + PIECE_BYTES))
  return content
}

/** Numbers of the blocks in which two contents differ. */
function differing(one: Buffer, other: Buffer): number[] {
  const found: number[] = []
  for (let at = 0; at < one.length; at += BLOCK_BYTES) if (!one.subarray(at, at + BLOCK_BYTES).equals(other.subarray(at, at + BLOCK_BYTES))) found.push(at / BLOCK_BYTES)
  return found
}

/** Remembers what a tap tells. */
function recorder() {
  const marked = new Set<number>()
  let lost = 0
  return {
    marked,
    lost: () => lost,
    listener: {
      mark: (first: number, end: number) => {
        for (let block = first; block < end; block += 1) marked.add(block)
      },
      lost: () => {
        lost += 1
      },
    },
  }
}

for (const kind of SITES) describe.skipIf(kind.missing)(`on ${kind.name}`, () => {
  let folder = ''
  let site: Site
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dl-c-'))
    site = await kind.open(folder)
  })
  const closers: (() => unknown)[] = []
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close()
    await site?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const see = async (hypervisor: Hypervisor): Promise<HypervisorVm> => {
    const vm = await hypervisor.findVm(site.vmRef)
    if (vm === null) throw new Error(`${site.expected.name} is gone`)
    return vm
  }
  /** The guest has acknowledged so many more records than now, and is well. */
  const moreRecords = async (hypervisor: Hypervisor, count: number): Promise<void> => {
    const { guest: { acknowledgedSequence: before } } = await see(hypervisor)
    let last: unknown = null
    await eventually(`the guest has acknowledged ${count} records more`, async () => {
      await pause(LOOK_MS)
      const { guest } = await see(hypervisor)
      last = guest
      if (guest.health === 'BROKEN') throw new Error(`The guest is broken: ${guest.healthDetail}`)
      return guest.health === 'HEALTHY' && guest.acknowledgedSequence >= before + count
    }, PATIENCE_SECONDS).catch((error: unknown) => {
      throw new Error(`From record ${before} on: ${error instanceof Error ? error.message : String(error)} It says ${JSON.stringify(last)}.`)
    })
  }
  const powerIs = (hypervisor: Hypervisor, power: string) => eventually(`the guest is ${power}`, async () => {
    await pause(LOOK_MS)
    return (await see(hypervisor)).guest.power === power
  }, PATIENCE_SECONDS)

  let source: ReturnType<Site['openSource']>
  let tap: VmTap
  const attach = async () => tapVm(await see(source.hypervisor), join(folder, 'taps'))

  test('the inventory has the VM, its disks and their sizes', async () => {
    source = site.openSource()
    closers.push(() => source.close())
    const vms = await source.hypervisor.listVms()
    expect(vms.map(({ ref, name }) => ({ ref, name }))).toEqual([{ ref: site.vmRef, name: site.expected.name }])
    expect(vms[0]?.disks.map(({ key, sizeBytes }) => ({ key, sizeBytes }))).toEqual(site.expected.disks)
    for (const { usedBytes, sizeBytes } of vms[0]?.disks ?? []) {
      expect(usedBytes).toBeGreaterThan(0)
      expect(usedBytes).toBeLessThan(sizeBytes)
    }
    expect(await source.hypervisor.findVm('vm-2')).toBeNull()
  })

  test('a tap under a running guest tells every write that was acknowledged, and reads what the guest wrote', async () => {
    const { hypervisor } = source
    await hypervisor.powerOn(site.vmRef)
    if (hypervisor.capabilities.tap === 'ON_DEMAND') await moreRecords(hypervisor, 5)
    tap = await attach()
    closers.push(() => tap.close())
    await moreRecords(hypervisor, 5)

    const records = tap.disks.map((disk) => ({ disk, told: recorder() }))
    for (const { disk, told } of records) await disk.listen(told.listener)
    const before: Buffer[] = []
    for (const { disk } of records) before.push(await contentOf(disk.device))
    await moreRecords(hypervisor, 30)
    await hypervisor.shutdown(site.vmRef)
    await powerIs(hypervisor, 'OFF')
    for (const [at, { disk, told }] of records.entries()) {
      await disk.settle()
      const changed = differing(before[at] ?? Buffer.alloc(0), await contentOf(disk.device))
      expect(changed.filter((block) => !told.marked.has(block)), `${disk.key}: changed and not told`).toEqual([])
      // Telling of everything would be easy.
      expect(told.marked.size).toBeLessThan(disk.sizeBytes / BLOCK_BYTES / 2)
      expect(told.lost()).toBe(0)
      expect(disk.pendingWrites).toBe(0)
      await disk.listen(null)
    }
    const [first] = records
    expect(first?.told.marked.size).toBeGreaterThan(0)
    // The ledger moves on with every record, wherever else the guest writes.
    expect(differing(before[0] ?? Buffer.alloc(0), await contentOf(tap.disks[0]?.device ?? never())).length).toBeGreaterThanOrEqual(10)
  })

  test('a VM powered off under its tap boots whole, nothing goes untold, and it runs on when the tap is taken away', async () => {
    const { hypervisor } = source
    const { guest: { acknowledgedSequence } } = await see(hypervisor)
    const told = recorder()
    const disk = tap.disks[0] ?? never()
    await disk.listen(told.listener)
    const before = await contentOf(disk.device)
    await hypervisor.powerOff(site.vmRef)
    await hypervisor.powerOn(site.vmRef)
    await moreRecords(hypervisor, 5)
    expect((await see(hypervisor)).guest.sequenceAtBoot).toBe(acknowledgedSequence)
    const changed = differing(before, await contentOf(disk.device))
    await disk.settle()
    // What remembered for the tap may have ended with the VM; then it must say so.
    if (told.lost() === 0) expect(changed.filter((block) => !told.marked.has(block))).toEqual([])
    await disk.listen(null)

    await tap.close()
    if (hypervisor.capabilities.tap === 'ON_DEMAND') await moreRecords(hypervisor, 5)
    tap = await attach()
    await moreRecords(hypervisor, 5)
    await tap.close()
  })

  let agents: Agents
  test('the agent replicates it; killed under load it costs the guest no write, and it resumes instead of starting over', async () => {
    await source.close()
    agents = await startAgents(site, folder)
    closers.push(() => agents.close())
    expect(agents.vm.disks.map(({ key, sizeBytes }) => ({ key, sizeBytes }))).toEqual(site.expected.disks)
    const inStep = () => {
      const said = agents.source()
      return said !== undefined && said.disks.every(({ status, backgroundDoneBytes }) => status === 'CONTINUOUS' && backgroundDoneBytes > 0)
    }
    agents.drive({ stage: 'REPLICATE' })
    await agents.until('the disks are in step', inStep)
    const acknowledged = agents.source()?.guest.acknowledgedSequence ?? 0

    await agents.killSource()
    const progress = await site.guestProgress()
    await pause(AWAY_MS)
    const meanwhile = (await site.guestProgress()) - progress
    if (site.writesWithoutAgent) expect(meanwhile).toBeGreaterThan(0)
    await agents.restartSource()
    await agents.until('the disks are in step again', inStep)
    // What it took to be in step again: the guest writes on, and what it writes is sent too, for as long as the rest takes.
    const resumed = agents.source()?.disks ?? []
    expect(resumed).toHaveLength(site.expected.disks.length)
    for (const disk of resumed) expect(disk.sentBytes).toBeLessThan(disk.backgroundTotalBytes / 2)
    await agents.until('the guest goes on', () => inStep() && (agents.source()?.guest.acknowledgedSequence ?? 0) > acknowledged + 10)
    expect(agents.source()?.guest).toMatchObject({ power: 'ON', health: 'HEALTHY' })
  })

  test('a moment of it boots apart from every network while it replicates on, and leaves nothing behind', async () => {
    const id = 'test-1'
    agents.drive({}, { test: { id, point: null } })
    if (!site.servesShadows) {
      await agents.until('the target says that it cannot', () => agents.target()?.test?.problem != null)
      expect(agents.target()?.test?.problem?.message).toMatch(/not available yet/)
      agents.drive({}, { test: null })
      await agents.until('the test is gone', () => agents.target()?.test == null)
      return
    }
    await agents.until('the target waits for the moment', () => agents.target()?.test?.state === 'WAITING')
    agents.drive({ test: { id } })
    await agents.until('the moment is marked, or cannot be', () => agents.source()?.test?.point != null || agents.source()?.test?.problem != null)
    const point = agents.source()?.test?.point ?? null
    if (!site.holdsWrites) {
      expect(point).toBeNull()
      expect(agents.source()?.test?.problem?.message).toMatch(/cannot be held/)
    } else {
      expect(point).not.toBeNull()
      agents.drive({}, { test: { id, point } })
      await agents.until('the test VM writes', () => agents.target()?.test?.guest?.health === 'BROKEN' || agents.target()?.test?.guest?.firstWriteAtMs != null)
      const guest = agents.target()?.test?.guest
      expect(guest).toMatchObject({ health: 'HEALTHY', healthDetail: null })
      expect(guest?.sequenceAtBoot).toBeGreaterThanOrEqual(point?.acknowledgedSequence ?? Infinity)
      const acknowledged = agents.source()?.guest.acknowledgedSequence ?? Infinity
      await agents.until('the guest has gone on beside it', () => (agents.source()?.guest.acknowledgedSequence ?? 0) > acknowledged)
    }
    agents.drive({ test: null }, { test: null })
    await agents.until('the test is gone', () => agents.target()?.test == null && !existsSync(join(agents.replicas, MIGRATION, 'test')))
  })

  test('its cutover: identical byte for byte, and the shadow finds every acknowledged record', async () => {
    agents.drive({ stage: 'FINAL', attempt: 1 })
    await agents.until('the source has hashed its disks', () => agents.source()?.hashes != null)
    const proof = agents.source()
    expect(proof).toMatchObject({ guest: { power: 'OFF', health: 'HEALTHY' }, problem: null })
    // What the comparison behind the replication would have had to mend, no tap has told.
    expect(proof?.disks.map(({ divergences }) => divergences ?? 0)).toEqual(site.expected.disks.map(() => 0))
    agents.drive({}, { stage: 'VERIFY' })
    await agents.until('the target has hashed its replica', () => agents.target()?.hashes != null)
    expect(agents.target()?.hashes).toEqual(proof?.hashes)
    for (const { key } of site.expected.disks) expect(await site.difference(key, join(agents.replicas, MIGRATION, `${key}.raw`))).toBeNull()

    const acknowledgedSequence = proof?.guest.acknowledgedSequence ?? 0
    expect(acknowledgedSequence).toBeGreaterThan(0)
    agents.drive({}, { stage: 'BOOT', acknowledgedSequence })
    await agents.until('the shadow writes', () => agents.target()?.shadow?.health === 'BROKEN' || agents.target()?.shadow?.firstWriteAtMs != null)
    expect(agents.target()).toMatchObject({ problem: null, shadow: { power: 'ON', health: 'HEALTHY', healthDetail: null, sequenceAtBoot: acknowledgedSequence } })
    agents.drive({ stage: 'RELEASE' }, { stage: 'ACCEPT' })
    await agents.until('replication has ended', () => agents.source()?.disks.every(({ status }) => status === 'STOPPED') === true)
    expect(agents.source()?.guest.power).toBe('OFF')
  })

  test('its way back: what the shadow wrote is on the source, byte for byte, and the source runs on with it', async () => {
    agents.drive({ stage: 'REVERSE' }, { stage: 'REVERSE' })
    if (!site.servesShadows) {
      await agents.until('the target says that there is no way back', () => agents.target()?.problem != null)
      expect(agents.target()?.problem?.message).toMatch(/not available yet/)
      expect(agents.target()?.shadow).toMatchObject({ power: 'ON', health: 'HEALTHY' })
      return
    }
    await agents.until('the source follows', () => agents.target()?.wayBack?.connected === true && (agents.target()?.wayBack?.sentBytes ?? 0) > 0)
    agents.drive({}, { stage: 'HAND_BACK', shutdownSeconds: PATIENCE_SECONDS })
    await agents.until('the target has handed back, with proof', () => agents.target()?.hashes != null && agents.target()?.wayBack?.finalSyncAtMs != null)
    agents.drive({ stage: 'TAKE_BACK' })
    await agents.until('the source has proof', () => agents.source()?.hashes != null)
    expect(agents.source()?.hashes).toEqual(agents.target()?.hashes)
    expect(agents.target()?.shadow?.power).toBe('OFF')
    for (const { key } of site.expected.disks) expect(await site.difference(key, join(agents.replicas, MIGRATION, `${key}.raw`))).toBeNull()
    agents.drive({ stage: 'RETURN' }, { stage: 'KEEP' })
    await agents.until('the source runs again, and is well', () => agents.source()?.guest.power === 'ON' && agents.source()?.guest.health === 'HEALTHY')
  })
})

function never(): never {
  throw new Error('a VM without a disk')
}
