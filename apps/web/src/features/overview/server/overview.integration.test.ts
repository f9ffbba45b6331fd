import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addWave, openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

describe('what the provider sees of all customers', () => {
  let portal: Portal
  beforeAll(async () => {
    portal = await openPortal()
    const agent = { providerId: 'northwind', siteId: 'site-northwind-zurich', role: 'TARGET' as const, host: 'h', version: '0.1.0', protocol: 1, certificateFingerprint: '' }
    await portal.owner.agent.createMany({
      data: [
        { ...agent, id: 'here', name: 'here', lastContactAt: new Date(), freeBytes: 3n, totalBytes: 10n },
        { ...agent, id: 'away', name: 'away', lastContactAt: new Date(Date.now() - 60_000) },
        { ...agent, id: 'never', name: 'never', siteId: 'site-harbour-main', tenantId: 'harbour', role: 'SOURCE' },
      ],
    })
    await addWave(portal.owner, 'web')
    const over = await addWave(portal.owner, 'archive')
    const [migration] = await portal.owner.migration.findMany({ where: { waveId: over } })
    await portal.owner.migration.updateMany({ where: { waveId: over }, data: { status: 'COMPLETED', endedAt: new Date(Date.now() - 8 * 86_400_000) } })
    const at = new Date('2026-10-31T23:59:59.999Z')
    await portal.owner.billingEntry.create({ data: { migrationId: migration?.id ?? '', providerId: 'northwind', tenantId: 'harbour', kind: 'TARGET_STARTED', stay: 1, vmName: 'archive', waveName: 'Wave of archive', cpus: 2, memoryMib: 2n, diskMib: 10n, at, recordedAt: at } })
  })
  afterAll(() => portal.close())

  it('shows waves, agents away and room', async () => {
    const overview = await portal.as(PEOPLE.watcher).overview.read()
    expect(overview.waves.map((wave) => [wave.tenantName, wave.name])).toEqual([['Alpine Outfitters', 'Wave of web']])
    expect(overview.agentsAway.map((one) => one.name)).toEqual(['never', 'away'])
    expect(overview.capacity).toMatchObject([{ agents: 2, freeBytes: 3, totalBytes: 10 }])
  })

  it('bills a VM in the month, in UTC, that it was accepted in', async () => {
    const { billing } = portal.as(PEOPLE.watcher)
    expect((await billing.read({ month: '2026-10' })).rows).toMatchObject([{ vmName: 'archive', tenantName: 'Harbour Health', diskBytes: 10 * 1_048_576 }])
    expect((await billing.read({ month: '2026-11' })).rows).toEqual([])
    expect((await billing.read({ month: '2026-10' })).statements).toMatchObject([{ tenantName: 'Harbour Health', vms: 1, usage: { vmSeconds: 1n, vcpuSeconds: 2n } }])
    expect((await billing.read({ month: '2026-09' })).statements).toEqual([])
    expect((await billing.read({ month: null })).months).toContain('2026-10')
  })

  it('is refused to customers', async () => {
    for (const person of [PEOPLE.olivia, PEOPLE.anna, PEOPLE.viewer]) {
      expect(await refusal(portal.as(person).overview.read())).toBe('FORBIDDEN')
      expect(await refusal(portal.as(person).configure.branding())).toBe('FORBIDDEN')
    }
  })

  it('shows a customer their own usage, and nobody else’s', async () => {
    const { billing } = portal.as(PEOPLE.henry)
    const own = await billing.read({ month: '2026-10' })
    expect(own.rows).toMatchObject([{ vmName: 'archive', tenantName: 'Harbour Health' }])
    expect(own.statements).toMatchObject([{ tenantName: 'Harbour Health', vms: 1 }])
    const other = await portal.as(PEOPLE.olivia).billing.read({ month: '2026-10' })
    expect(JSON.stringify(other)).not.toMatch(/archive|harbour/i)
    expect([other.rows, other.statements]).toEqual([[], []])
  })

  it('does not show the provider what belongs to customers alone', async () => {
    expect(await refusal(portal.as(PEOPLE.ada).estimate.list())).toBe('FORBIDDEN')
    expect(await refusal(portal.as(PEOPLE.ada).windows.bookableWaves())).toBe('FORBIDDEN')
  })
})
