import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, seedDemo } from '../../../../prisma/seed/demo.ts'
import { COORDINATOR, Prisma, expireObservation, inScope, openDb, readObservationFacts, readObservationGaps, readObservedMinutes, readVmContents, readWays, readWorkingSets, storeLinkProbes, storeObservedMinutes, storeVmContents } from '../index.ts'
import type { Db, ObservedMinuteRow, ScopedTx } from '../index.ts'
import { readProbeEnds } from './probe-ends.ts'

const MINUTE_MS = 60_000
const agent = { id: 'agent', siteId: DEMO_SOURCE_SITE }

describe('observation', () => {
  let database: TestDatabase
  let owner: Db
  let db: Db
  const run = <T>(work: (tx: ScopedTx) => Promise<T>) => inScope(db, { kind: 'system', actor: COORDINATOR }, work)
  const startMs = Math.floor((Date.now() - 3_600_000) / MINUTE_MS) * MINUTE_MS
  const at = (minute: number) => new Date(startMs + minute * MINUTE_MS)

  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 2)
    db = openDb(database.coordinatorUrl, 2)
    await seedDemo(owner, () => Promise.resolve(''))
    await owner.vm.createMany({ data: ['a', 'b'].map((ref) => ({ id: ref, ref, name: ref, providerId: 'northwind', tenantId: 'alpine', siteId: DEMO_SOURCE_SITE, guestOs: 'lab', cpus: 1, memoryBytes: 1n, network: 'n', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: new Date() })) })
  })
  afterEach(() => owner.vmObservation.deleteMany())
  afterAll(async () => {
    await Promise.all([owner.$disconnect(), db.$disconnect()])
    await database.drop()
  })

  const minute = (vmRef: string, index: number, said: Partial<ObservedMinuteRow> = {}): ObservedMinuteRow => ({
    vmRef, minuteMs: startMs + index * MINUTE_MS, lengthSeconds: 60, coveredSeconds: 60, source: 'FILTER', writtenBytes: 1000 * (index + 1), uniqueBytes: [100 * (index + 1), null, null, null, null, null], blocksPerStamp: 1, latencyMs: index, ...said,
  })
  const store = (minutes: ObservedMinuteRow[]) => run((tx) => storeObservedMinutes(tx, agent, minutes))

  it('takes minutes in once, of two tellings the fuller one, and none of another site', async () => {
    await store([minute('a', 0, { coveredSeconds: 20, writtenBytes: 5 }), minute('stranger', 0)])
    await store([minute('a', 0, { coveredSeconds: 50 }), minute('a', 0, { coveredSeconds: 50 })])
    await store([minute('a', 0, { coveredSeconds: 30, writtenBytes: 9 })])
    const { buckets, bucketSeconds, minuteSeconds } = await run((tx) => readObservedMinutes(tx, ['a', 'b'], at(0), at(10)))
    expect([bucketSeconds, minuteSeconds]).toEqual([60, 60])
    expect(buckets).toEqual([{ vmId: 'a', at: at(0), coveredSeconds: 50, writtenBytes: 1000, uniqueBytes: 100, latencyMs: 0 }])
    await run((tx) => storeObservedMinutes(tx, { ...agent, siteId: DEMO_TARGET_SITE }, [minute('b', 0)]))
    expect(await owner.vmObservation.count()).toBe(1)
  })

  it('gives a long time in buckets, with the unique bytes of each whole one', async () => {
    const fiveMs = 5 * MINUTE_MS
    const first = Math.ceil(startMs / fiveMs) * fiveMs
    await store(Array.from({ length: 10 }, (_, index) => minute('a', (first - startMs) / MINUTE_MS + index, { writtenBytes: 10, uniqueBytes: [10, index === 4 ? 44 : index === 9 ? null : 7, null, null, null, null] })))
    const { buckets, bucketSeconds } = await run((tx) => readObservedMinutes(tx, ['a'], new Date(first), new Date(first + 2 * 86_400_000)))
    expect(bucketSeconds).toBe(300)
    expect(buckets.map(({ writtenBytes, uniqueBytes }) => [writtenBytes, uniqueBytes])).toEqual([[50, 44], [50, null]])
  })

  it('gives the curve at latest and in the median, how it was observed, and where the gaps are', async () => {
    await store([
      minute('a', 0, { coveredSeconds: 31 }), minute('a', 1, { uniqueBytes: [900, 50, null, null, null, null] }), minute('a', 2, { source: 'CHANGED_BLOCKS' }),
      minute('a', 6), minute('a', 7, { coveredSeconds: 45 }), minute('a', 8, { blocksPerStamp: 16 }),
    ])
    expect(await run((tx) => readWorkingSets(tx, ['a', 'b'], at(0), at(60)))).toEqual([
      { vmId: 'a', minutes: 1, latestBytes: 900, medianBytes: 750, mostBytes: 900, spans: 6 },
      { vmId: 'a', minutes: 5, latestBytes: 50, medianBytes: 50, mostBytes: 50, spans: 1 },
    ])
    expect(await run((tx) => readObservationFacts(tx, ['a', 'b'], at(0), at(60)))).toEqual([
      { vmId: 'a', source: 'CHANGED_BLOCKS', minutes: 6, coveredSeconds: 316, firstAt: at(0), lastAt: at(9), blocksPerStamp: 16, minuteSeconds: 60 },
    ])
    expect(await run((tx) => readObservationGaps(tx, ['a', 'b'], new Date(startMs + 28_000), at(10)))).toEqual([
      { vmId: 'a', from: at(3), to: at(6), unseenSeconds: 180 },
      { vmId: 'a', from: at(7), to: at(8), unseenSeconds: 15 },
      { vmId: 'b', from: new Date(startMs + 28_000), to: at(10), unseenSeconds: 572 },
    ])
    // What is not over says nothing yet; what is long over and has not come does.
    expect((await run((tx) => readObservationGaps(tx, ['a'], at(6), at(20)))).at(-1)).toEqual({ vmId: 'a', from: at(9), to: at(20), unseenSeconds: 660 })
    expect(await run((tx) => readObservationGaps(tx, ['a'], at(0), at(3)))).toEqual([])
  })

  it('keeps the latest word on what disks hold', async () => {
    const content = { vmRef: 'a', measuredAtMs: startMs, sizeBytes: 1000, allocatedBytes: 800, sampledBlocks: 10, sampledBlockBytes: 65_536, zeroShare: 0.25, compressedShare: 0.5 }
    await run((tx) => storeVmContents(tx, agent, [content]))
    await run((tx) => storeVmContents(tx, agent, [{ ...content, measuredAtMs: startMs - 1, allocatedBytes: 1 }]))
    expect(await run((tx) => readVmContents(tx, ['a', 'b']))).toEqual([expect.objectContaining({ vmId: 'a', allocatedBytes: 800, wireBytes: 300 })])
  })

  it('takes probes only of lines that lead to a destination of the customer', async () => {
    await owner.$executeRaw`INSERT INTO site (id, provider_id, name, kind) SELECT 'elsewhere', provider_id, 'Elsewhere', kind FROM site WHERE id = ${DEMO_TARGET_SITE}`
    for (const [id, siteId] of [['near', DEMO_TARGET_SITE], ['far', 'elsewhere']] as const) await owner.agent.create({ data: { id, siteId, providerId: 'northwind', role: 'TARGET', name: id, host: id, version: '1', protocol: 2, certificateFingerprint: id } })
    const probe = (targetAgentId: string) => ({ targetAgentId, atMs: startMs, probedBytes: 1_000_000, seconds: 0.1, bytesPerSecond: 1e7, roundTripMs: 20 })
    for (let time = 0; time < 2; time += 1) await run((tx) => storeLinkProbes(tx, agent, [probe('near'), probe('far')]))
    expect(await owner.linkProbe.findMany()).toEqual([expect.objectContaining({ siteId: DEMO_SOURCE_SITE, targetSiteId: DEMO_TARGET_SITE, tenantId: 'alpine', bytesPerSecond: 1e7 })])
  })

  it('has the ends of a line probe it while VMs are observed, those that are trusted, and nobody afterwards', async () => {
    await owner.agent.updateMany({ where: { id: { in: ['near', 'far'] } }, data: { streamHost: 'near.example', streamPort: 4603 } })
    await owner.agent.create({ data: { id: 'ours', siteId: DEMO_SOURCE_SITE, providerId: 'northwind', tenantId: 'alpine', role: 'SOURCE', name: 'ours', host: 'h', version: '1', protocol: 2, certificateFingerprint: 'ours' } })
    const now = new Date()
    const { id } = await owner.estimate.create({ data: { providerId: 'northwind', tenantId: 'alpine', siteId: DEMO_SOURCE_SITE, name: 'e', startedAt: now, endsAt: new Date(now.getTime() + 60_000), shippingDays: 3, createdById: 'u' } })
    const ends = (role: 'SOURCE' | 'TARGET', siteId: string, at = now) => run((tx) => readProbeEnds(tx, { id: 'x', role, siteId }, at))
    expect(await ends('SOURCE', DEMO_SOURCE_SITE)).toEqual([{ agentId: 'near', stream: { host: 'near.example', port: 4603 } }])
    expect(await ends('TARGET', DEMO_TARGET_SITE)).toEqual([{ agentId: 'ours', stream: null }])
    expect(await ends('TARGET', 'elsewhere')).toEqual([])
    expect(await ends('SOURCE', DEMO_SOURCE_SITE, new Date(now.getTime() + 61_000))).toEqual([])
    await owner.agent.update({ where: { id: 'near' }, data: { revokedAt: now } })
    expect(await ends('SOURCE', DEMO_SOURCE_SITE)).toEqual([])
    await owner.agent.update({ where: { id: 'near' }, data: { revokedAt: null } })
    await owner.estimate.update({ where: { id }, data: { status: 'DONE' } })
    expect([...(await ends('SOURCE', DEMO_SOURCE_SITE)), ...(await ends('TARGET', DEMO_TARGET_SITE))]).toEqual([])
  })

  it('is what wire and lorry are compared by', async () => {
    await owner.vmDisk.createMany({ data: ['a', 'b'].map((vmId) => ({ vmId, key: 'disk-0', providerId: 'northwind', tenantId: 'alpine', sizeBytes: 10n ** 12n, usedBytes: 10n ** 11n })) })
    await store(Array.from({ length: 30 }, (_, index) => minute('a', index, { uniqueBytes: [6_000_000, null, null, null, null, null] })))
    const ways = await run((tx) => readWays(tx, { siteId: DEMO_SOURCE_SITE, vmIds: ['b', 'a'], rateBytesPerSecond: null, shippingDays: 3, deviceBytes: null }, at(40)))
    expect(ways).toMatchObject({ observed: 1, shippingDays: 3, names: { a: { name: 'a', usedBytes: 1e11 } } })
    // Three days at 100 kB/s and more; of a VM that was never seen nothing is known to be written.
    expect(ways?.vms.map(({ id, catchUpBytes }) => [id, catchUpBytes > 3 * 86_400 * 100_000, catchUpBytes === 0])).toEqual([['a', true, false], ['b', false, true]])
    expect(await run((tx) => readWays(tx, { siteId: DEMO_SOURCE_SITE, vmIds: ['stranger'], rateBytesPerSecond: null, shippingDays: 3, deviceBytes: null }, at(40)))).toBeNull()
    // A site that is slowed by day is no slower for being asked by day.
    const { linkRateBytesPerSecond } = await owner.site.update({ where: { id: DEMO_SOURCE_SITE }, data: { timeZone: 'UTC', rateSchedule: [{ days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 480, toMinute: 1_200, bytesPerSecond: 1_000_000 }] } })
    const asked = (hour: number) => run((tx) => readWays(tx, { siteId: DEMO_SOURCE_SITE, vmIds: ['a'], rateBytesPerSecond: null, shippingDays: 3, deviceBytes: null }, new Date(at(40).setUTCHours(hour))))
    const [night, day] = [await asked(2), await asked(14)]
    expect(day?.link).toMatchObject({ p50BytesPerSecond: (1_000_000 + Number(linkRateBytesPerSecond)) / 2 })
    expect(day?.link.p50BytesPerSecond).toBe(night?.link.p50BytesPerSecond)
    await owner.site.update({ where: { id: DEMO_SOURCE_SITE }, data: { timeZone: null, rateSchedule: Prisma.DbNull } })
    await owner.vmDisk.deleteMany({ where: { vmId: { in: ['a', 'b'] } } })
  })

  it('forgets what is older than it is kept, and takes none of it in', async () => {
    await owner.vmObservation.create({ data: { vmId: 'a', minute: new Date(Date.now() - 31 * 86_400_000), providerId: 'northwind', tenantId: 'alpine', lengthSeconds: 60, coveredSeconds: 60, source: 'FILTER', writtenBytes: 1n, blocksPerStamp: 1 } })
    await store([minute('a', -31 * 1440), minute('a', 0)])
    expect(await run(expireObservation)).toBe(false)
    expect((await owner.vmObservation.findMany()).map((row) => row.minute)).toEqual([at(0)])
  })
})
