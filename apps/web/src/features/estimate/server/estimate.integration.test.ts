import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const SITE = 'site-alpine-hq'
const MIB = 1024 ** 2
const request = { siteId: SITE, name: ' First look ', vmIds: ['vm-web', 'vm-orders', 'vm-web'], durationSeconds: 600, shippingDays: 3 }

describe('estimates', () => {
  let portal: Portal
  beforeAll(async () => {
    portal = await openPortal()
  })
  afterAll(() => portal.close())

  /** Ten intervals of ten seconds for one VM, each with `bytesPerSecond` of unique writes. */
  async function observe(estimateId: string, vmId: string, bytesPerSecond: (interval: number) => number): Promise<void> {
    const { startedAt } = await portal.owner.estimate.findUniqueOrThrow({ where: { id: estimateId } })
    // The observation began a while ago.
    const from = startedAt.getTime() - 120_000
    await portal.owner.estimate.update({ where: { id: estimateId }, data: { startedAt: new Date(from) } })
    await portal.owner.telemetrySample.createMany({
      data: Array.from({ length: 10 }, (_, index) => ({
        vmId, at: new Date(from + (index + 1) * 10_000), providerId: 'northwind', tenantId: 'alpine', intervalSeconds: 10, backgroundBytesPerSecond: 0, foregroundBytesPerSecond: 0,
        backlogBytes: 0n, lagSeconds: 0, guestWriteBytesPerSecond: 0, uniqueWriteBytes: BigInt(Math.round(bytesPerSecond(index) * 10)),
      })),
    })
  }

  it('goes from a request to a forecast with a range', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start(request)
    const empty = await portal.as(PEOPLE.olivia).estimate.read({ estimateId })
    expect(empty).toMatchObject({ name: 'First look', status: 'OBSERVING', samples: 0, unobserved: ['orders', 'web'], points: [] })
    await observe(estimateId, 'vm-web', (interval) => (interval < 8 ? MIB : 8 * MIB))
    const known = await portal.as(PEOPLE.olivia).estimate.read({ estimateId })
    expect(known.unobserved).toEqual(['orders'])
    expect(known.samples).toBe(10)
    expect(known.observedSeconds).toBe(100)
    expect(known.total.usedBytes).toBe(8 * 1024 ** 3)
    expect(known.vms.find((vm) => vm.id === 'vm-web')?.churnP50).toBeCloseTo(MIB, -3)
    expect(known.vms.find((vm) => vm.id === 'vm-web')?.churnP90).toBeCloseTo(8 * MIB, -4)
    // The site's limit of the demo, 2 Gbit/s: 8 GiB / (250 MB/s − churn).
    expect(known.link).toMatchObject({ origin: 'LIMIT', p50BytesPerSecond: 250_000_000 })
    expect(known.total.replicationSeconds.p50).toBeCloseTo((8 * 1024 ** 3) / (250_000_000 - MIB), 0)
    expect(known.faster).toBe('LINE')
  })

  it('says when the copy would never end', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Busy', vmIds: ['vm-orders'] })
    await observe(estimateId, 'vm-orders', () => 300_000_000)
    const known = await portal.as(PEOPLE.olivia).estimate.read({ estimateId })
    expect(known.total).toMatchObject({ converges: false, replicationSeconds: { p90: null } })
    expect(known.faster).toBe('SHIPPING')
  })

  it('is ended early, once, and keeps what was seen', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Short' })
    expect(await portal.as(PEOPLE.olivia).estimate.end({ estimateId })).toBe(true)
    expect(await portal.as(PEOPLE.olivia).estimate.end({ estimateId })).toBe(false)
    expect((await portal.as(PEOPLE.viewer).estimate.list()).find((row) => row.id === estimateId)).toMatchObject({ status: 'CANCELLED', vmNames: ['orders', 'web'] })
  })

  it('stays with its customer', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Ours' })
    const henry = portal.as(PEOPLE.henry).estimate
    expect(await refusal(henry.read({ estimateId }))).toBe('ESTIMATE_UNKNOWN')
    expect(await refusal(henry.end({ estimateId }))).toBe('ESTIMATE_UNKNOWN')
    expect(await refusal(henry.start(request))).toBe('SITE_UNKNOWN')
    expect(await refusal(henry.start({ ...request, siteId: 'site-harbour-main' }))).toBe('VM_UNKNOWN')
    expect(await henry.list()).toEqual([])
    expect((await henry.listVms()).map((vm) => vm.name)).toEqual(['archive'])
  })

  it('is run by operators of a customer only', async () => {
    for (const person of [PEOPLE.viewer, PEOPLE.anna, PEOPLE.ada]) expect(await refusal(portal.as(person).estimate.start(request))).toBe('FORBIDDEN')
  })

  it('checks what comes in', async () => {
    expect(await refusal(portal.as(PEOPLE.olivia).estimate.start({ ...request, durationSeconds: 9 }))).toBe('OBSERVATION_LENGTH')
    expect(await refusal(portal.as(PEOPLE.olivia).estimate.start({ ...request, vmIds: [] }))).toBe('BAD_INPUT')
    expect(await refusal(portal.as(PEOPLE.olivia).estimate.start({ ...request, shippingDays: 0 }))).toBe('BAD_INPUT')
  })
})
