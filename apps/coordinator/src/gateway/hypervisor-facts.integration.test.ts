import type { HypervisorFacts, Notice, Placement } from '@driftless/agent-api'
import { inScope, planWave, startWave } from '@driftless/db'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportOf } from '../testing/fake-agent.ts'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { observeSource } from '../testing/fake-pair.ts'
import { DEMO_SOURCE_SITE, eventually, inventoryVm, openWorld, OPERATOR, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const VCENTER: HypervisorFacts = {
  kind: 'VSPHERE', product: 'VMware vCenter Server 8.0.3', filters: [], problem: null,
  capabilities: [{ name: 'INVENTORY', available: true, verified: 'SIMULATOR' }, { name: 'IO_FILTER', available: false, verified: 'SIMULATOR' }],
}
const LOCKED_OUT = { code: 'VCENTER_REFUSES_LOGIN', message: 'https://vcenter.example refuses the password. Give it the right one with "connect" on the agent.' }
const RAW_DISK = { code: 'PHYSICAL_RDM', message: 'Hard disk 2 is a physical raw device mapping. Make it virtual.' }
const SHORT_PAUSE = { code: 'TRACKING_NEEDS_STUN', message: 'Enabling changed block tracking needs a short pause.' }
const PLACE: Placement = { host: 'esx-01', cluster: 'Production', datastores: ['san-1'], networks: ['vlan-20-web'], highAvailability: 'ON', guestTools: 'RUNNING' }
const MOVED: Notice = { code: 'VM_MOVED', message: 'The VM moved from esx-01 to esx-02. Replication goes on.', atMs: 1_800_000_000_000 }
const SNAPSHOT: Notice = { code: 'OTHER_SNAPSHOT', message: 'A snapshot of a backup stands on this VM.', atMs: 1_800_000_060_000 }

describe('what an agent says of its hypervisor', () => {
  let world: World
  let source: FakeAgent
  let target: FakeAgent
  beforeAll(async () => {
    world = await openWorld()
    ;({ source, target } = await world.enrolBoth())
  })
  afterAll(async () => {
    source.close()
    target.close()
    await world.close()
  })
  const plan = (refs: readonly string[]) => inScope(world.web, OPERATOR, async (tx) => {
    const vms = await tx.db.vm.findMany({ where: { ref: { in: [...refs] } } })
    return planWave(tx, { name: 'wave', siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', cutoverMode: 'MANUAL', rateBytesPerSecond: null, vms: vms.map((vm) => ({ vmId: vm.id, network: 'web-prod', storage: 'nvme-gold', cpus: 1, memoryBytes: vm.memoryBytes })) })
  })
  const stored = () => world.owner.agent.findUniqueOrThrow({ where: { id: source.id } })
  const notices = () => world.owner.auditEntry.findMany({ where: { action: 'vm.notice' }, orderBy: { id: 'asc' } })

  it('is kept until it says something else', async () => {
    await source.calls.report(reportOf({ hypervisor: VCENTER }))
    expect((await stored()).hypervisor).toEqual(VCENTER)
    await source.calls.report(reportOf({}))
    expect((await stored()).hypervisor).toEqual(VCENTER)
    await source.calls.report(reportOf({ hypervisor: { ...VCENTER, product: null, problem: LOCKED_OUT } }))
    expect((await stored()).hypervisor).toMatchObject({ product: null, problem: LOCKED_OUT })
    await source.calls.report(reportOf({ hypervisor: VCENTER }))
  })

  it('keeps where a VM runs and what stands in its way, as of the latest inventory', async () => {
    await source.calls.report(reportOf({ inventory: { vms: [{ ...inventoryVm('free'), placement: PLACE, remarks: [SHORT_PAUSE] }, { ...inventoryVm('raw'), blockers: [RAW_DISK] }, inventoryVm('silent')] } }))
    const vm = (ref: string) => world.owner.vm.findFirstOrThrow({ where: { ref } })
    expect(await vm('free')).toMatchObject({ placement: PLACE, blockers: [], remarks: [SHORT_PAUSE] })
    expect(await vm('raw')).toMatchObject({ blockers: [RAW_DISK], remarks: [] })
    expect(await vm('silent')).toMatchObject({ placement: null, blockers: [], remarks: [] })
  })

  it('lets nobody plan a VM with a blocker, nor start one that has got it since', async () => {
    const refused = (vm: string) => expect.objectContaining({ code: 'VM_BLOCKED', params: { vm, blocker: RAW_DISK.message } })
    await expect(plan(['free', 'raw'])).rejects.toEqual(refused('raw'))
    expect(await world.owner.wave.count()).toBe(0)
    const waveId = await plan(['silent'])
    await source.calls.report(reportOf({ inventory: { vms: [inventoryVm('free'), { ...inventoryVm('raw'), blockers: [RAW_DISK] }, { ...inventoryVm('silent'), blockers: [RAW_DISK] }] } }))
    const start = () => inScope(world.web, OPERATOR, (tx) => startWave(tx, waveId, null))
    await expect(start()).rejects.toEqual(refused('silent'))
    expect((await world.owner.wave.findUniqueOrThrow({ where: { id: waveId } })).startedAt).toBeNull()
    await source.calls.report(reportOf({ inventory: { vms: [inventoryVm('free'), inventoryVm('silent')] } }))
    expect(await start()).toBe(true)
  })

  it('makes its migrations wait for the one who can let the agent in, and go on after that', async () => {
    const { migrationIds: [migrationId = ''] } = await startedWave(world, ['free'])
    const wanted = async () => (await source.calls.desired({ haveVersion: null, waitSeconds: 0 })).sources.find((one) => one.migrationId === migrationId)
    const desired = await eventually(async () => {
      await target.calls.report(reportOf({ storage: { freeBytes: 1e12, totalBytes: 1e12 }, stream: { host: '127.0.0.1', port: 1 } }))
      await source.calls.report(reportOf({ hypervisor: VCENTER }))
      return wanted()
    })
    const sources = [observeSource(desired)]
    const waitsFor = (reason: string | null) => eventually(async () => {
      const { waitReason, waitDetail } = await world.owner.migration.findUniqueOrThrow({ where: { id: migrationId } })
      return waitReason === reason && { waitDetail }
    })
    await source.calls.report(reportOf({ sources, hypervisor: { ...VCENTER, problem: LOCKED_OUT } }))
    expect(await waitsFor('SOURCE_HYPERVISOR_PROBLEM')).toEqual({ waitDetail: LOCKED_OUT.message })
    await source.calls.report(reportOf({ sources, hypervisor: VCENTER }))
    await waitsFor('BOOK_WINDOW')
  })

  it('writes what befell a VM into the audit log once, whatever the agent tells again', async () => {
    const migration = await world.owner.migration.findFirstOrThrow({ where: { vm: { ref: 'free' } } })
    const [desired] = (await source.calls.desired({ haveVersion: null, waitSeconds: 0 })).sources.filter((one) => one.migrationId === migration.id)
    if (!desired) throw new Error('The migration is not desired.')
    const tell = (told?: Notice[]) => source.calls.report(reportOf({ sources: [{ ...observeSource(desired), ...(told ? { notices: told } : {}) }] }))
    await tell([MOVED])
    await tell([MOVED, SNAPSHOT])
    await tell([{ ...MOVED, message: 'In other words.' }, SNAPSHOT])
    // An agent that was started anew has forgotten them, and finds them again.
    await tell()
    await tell([MOVED, SNAPSHOT])
    const entries = await notices()
    expect(entries.map(({ subjectId, subjectName, actorKind, actorId, after, detail }) => ({ subjectId, subjectName, actorKind, actorId, after, detail }))).toEqual([MOVED, SNAPSHOT].map(({ code, message, atMs }) => ({
      subjectId: migration.id, subjectName: 'free', actorKind: 'AGENT', actorId: source.id, after: message, detail: { code, at: new Date(atMs).toISOString() },
    })))
    // Nobody speaks for another agent's migrations.
    await target.calls.report(reportOf({ sources: [{ ...observeSource(desired), notices: [{ ...MOVED, code: 'FOREIGN' }] }] }))
    expect(await notices()).toHaveLength(2)
  })
})
