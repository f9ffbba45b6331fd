import type { Hypervisor } from '@driftless/db'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addWave, openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const PROBLEM = { code: 'VCENTER_REFUSES_LOGIN', message: 'https://vcenter.example refuses the password.' }
const VCENTER: Hypervisor = {
  kind: 'VSPHERE', product: 'VMware vCenter Server 8.0.3', problem: PROBLEM,
  capabilities: [{ name: 'CHANGED_BLOCKS', available: true, verified: 'SIMULATOR' }, { name: 'LIVE_TAP', available: false, verified: 'SIMULATOR' }],
  filters: [{ cluster: 'Production', name: 'driftless-io', version: '1.0', state: 'INSTALLED' }],
}
const BLOCKER = { code: 'PHYSICAL_RDM', message: 'Hard disk 2 is a physical raw device mapping. Make it virtual.' }
const REMARK = { code: 'TRACKING_NEEDS_STUN', message: 'Enabling changed block tracking needs a short pause.' }
const PLACE = { host: 'esx-01', cluster: null, datastores: ['san-1'], networks: ['vlan-20-web'], highAvailability: 'OFF', guestTools: 'NOT_INSTALLED' }
const AWAY_AT = new Date(Date.now() - 600_000)

describe('what people see of hypervisors', () => {
  let portal: Portal
  beforeAll(async () => {
    portal = await openPortal()
    const agent = { providerId: 'northwind', host: 'h', version: '0.1.0', protocol: 1, certificateFingerprint: '', lastContactAt: new Date(), hypervisor: VCENTER }
    await portal.owner.agent.createMany({
      data: [
        { ...agent, id: 'hq', name: 'hq', siteId: 'site-alpine-hq', tenantId: 'alpine', role: 'SOURCE' },
        { ...agent, id: 'cloud', name: 'cloud', siteId: 'site-northwind-zurich', role: 'TARGET' },
        { ...agent, id: 'gone', name: 'gone', siteId: 'site-harbour-main', tenantId: 'harbour', role: 'SOURCE', lastContactAt: AWAY_AT },
      ],
    })
    await portal.owner.vm.update({ where: { id: 'vm-orders' }, data: { blockers: [BLOCKER], placement: PLACE } })
    await portal.owner.vm.update({ where: { id: 'vm-web' }, data: { remarks: [REMARK] } })
  })
  afterAll(() => portal.close())

  it('shows what stands in a VM’s way, and where it runs to its own customer alone', async () => {
    const { migrate } = portal.as(PEOPLE.olivia)
    expect((await migrate.inventory()).map(({ name, blockers, remarks, placed }) => ({ name, blockers, remarks, placed }))).toEqual([
      { name: 'orders', blockers: [BLOCKER], remarks: [], placed: true }, { name: 'web', blockers: [], remarks: [REMARK], placed: false },
    ])
    expect(await migrate.placement({ vmId: 'vm-orders' })).toEqual(PLACE)
    expect(await migrate.placement({ vmId: 'vm-web' })).toBeNull()
    expect(await refusal(portal.as(PEOPLE.henry).migrate.placement({ vmId: 'vm-orders' }))).toBe('VM_UNKNOWN')
  })

  it('refuses to plan a VM that something stands in the way of', async () => {
    const vm = (vmId: string) => ({ vmId, network: 'web-prod', storage: 'nvme-gold', cpus: 2, memoryBytes: 2 * 1024 ** 3 })
    const plan = { name: 'Both', siteId: 'site-alpine-hq', destinationId: 'destination-alpine', cutoverMode: 'MANUAL' as const, rateBytesPerSecond: null, vms: [vm('vm-web'), vm('vm-orders')] }
    expect(await refusal(portal.as(PEOPLE.olivia).migrate.planWave(plan))).toBe('VM_BLOCKED')
    expect(await portal.owner.wave.count()).toBe(0)
  })

  it('tells those who plan what their site’s hypervisor can do, and what is wrong with it', async () => {
    expect(await portal.as(PEOPLE.olivia).migrate.sources()).toEqual([{ agentId: 'hq', agentName: 'hq', siteId: 'site-alpine-hq', siteName: 'Alpine headquarters', kind: 'VSPHERE', problem: PROBLEM, inRounds: true, simulated: true }])
    // What an agent said before it fell silent is no news.
    expect(await portal.as(PEOPLE.henry).migrate.sources()).toMatchObject([{ agentId: 'gone', problem: null }])
  })

  it('keeps the particulars of the provider’s hypervisor from customers', async () => {
    const hypervisors = async (person: (typeof PEOPLE)['olivia' | 'ada']) => new Map((await portal.as(person).configure.sites()).flatMap((site) => site.agents).map((agent) => [agent.id, agent.hypervisor]))
    const seen = await hypervisors(PEOPLE.olivia)
    expect(seen.get('hq')).toEqual(VCENTER)
    expect(seen.get('cloud')).toEqual({ ...VCENTER, product: null, filters: [], problem: { code: PROBLEM.code, message: null } })
    expect((await hypervisors(PEOPLE.ada)).get('cloud')).toEqual(VCENTER)
  })

  it('names agents that are not let in to the provider, silent ones apart', async () => {
    const { lockedOut, agentsAway } = await portal.as(PEOPLE.watcher).overview.read()
    expect(lockedOut.map(({ name, tenantName, problem }) => ({ name, tenantName, problem }))).toEqual([{ name: 'cloud', tenantName: null, problem: PROBLEM }, { name: 'hq', tenantName: 'Alpine Outfitters', problem: PROBLEM }])
    expect(agentsAway.map(({ name }) => name)).toEqual(['gone'])
    await portal.owner.agent.update({ where: { id: 'cloud' }, data: { hypervisor: { ...VCENTER, problem: null } } })
    expect((await portal.as(PEOPLE.watcher).overview.read()).lockedOut.map(({ name }) => name)).toEqual(['hq'])
  })

  it('shows on a wave’s page what befell its VMs, what stands in their way, and how they are followed', async () => {
    const waveId = await addWave(portal.owner, 'orders')
    const atMs = 1_800_000_000_000
    await portal.owner.migration.updateMany({ where: { waveId }, data: { sourceObserved: { connected: true, notices: [{ code: 'VM_MOVED', message: 'The VM moved to esx-02.', atMs }] } } })
    expect(await portal.as(PEOPLE.olivia).wave.read({ waveId })).toMatchObject({
      source: { agentName: 'hq', kind: 'VSPHERE', problem: PROBLEM, inRounds: true, simulated: true }, target: { problem: null, simulated: true },
      migrations: [{ blockers: [BLOCKER], notices: [{ code: 'VM_MOVED', message: 'The VM moved to esx-02.', at: new Date(atMs) }] }],
    })
    expect(await refusal(portal.as(PEOPLE.olivia).wave.start({ waveId }))).toBe('VM_BLOCKED')
  })
})
