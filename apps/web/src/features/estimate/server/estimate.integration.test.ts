import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forecastAgain, keptPrediction } from '@driftless/db'
import { FORECAST_MODEL, forecastWave } from '@driftless/domain'
import type { WaveInput } from '@driftless/domain'
import { addWave, openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
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

  const MINUTE_MS = 60_000
  const owned = { providerId: 'northwind', tenantId: 'alpine' }

  /** An observation that began so many minutes ago, with a minute's row for each in which `written` answers bytes; null: a gap. */
  async function observe(estimateId: string, vmId: string, minutes: number, written: (minute: number) => number | null, source: 'FILTER' | 'COUNTERS' = 'FILTER'): Promise<void> {
    const from = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - minutes * MINUTE_MS
    await portal.owner.estimate.update({ where: { id: estimateId }, data: { startedAt: new Date(from), endsAt: new Date(from + 86_400_000) } })
    await portal.owner.vmObservation.createMany({
      data: Array.from({ length: minutes }, (_, minute) => ({ minute, bytes: written(minute) })).flatMap(({ minute, bytes }) => (bytes === null ? [] : [{
        ...owned, vmId, minute: new Date(from + minute * MINUTE_MS), lengthSeconds: 60, coveredSeconds: 60, source, writtenBytes: BigInt(bytes), unique1m: source === 'COUNTERS' ? null : BigInt(bytes / 2), unique5m: source === 'COUNTERS' || minute < 4 ? null : BigInt(bytes), blocksPerStamp: 1, latencyMs: 0.5,
      }])),
    })
  }
  const forecastOf = ({ input }: { input: WaveInput }) => forecastWave(input, { runs: 60 })

  it('says that it does not know enough, then gives a range, and names what it has not seen', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, vmIds: ['vm-web'] })
    const empty = await portal.as(PEOPLE.olivia).estimate.read({ estimateId })
    expect(empty).toMatchObject({ name: 'First look', status: 'OBSERVING', vms: [{ name: 'web', source: null, seen: null }], gaps: [], windows: [] })
    expect(forecastOf(empty).enough).toBe(false)
    await observe(estimateId, 'vm-web', 90, (minute) => (minute >= 20 && minute < 30 ? null : 60 * MIB))
    await portal.owner.vmContent.create({ data: { ...owned, vmId: 'vm-web', measuredAt: new Date(), sizeBytes: 10n * 1024n ** 3n, allocatedBytes: 4n * 1024n ** 3n, sampledBlocks: 100, sampledBlockBytes: 65_536, zeroShare: 0.5, compressedShare: 0.5 } })
    const known = await portal.as(PEOPLE.olivia).estimate.read({ estimateId })
    expect(known.vms).toMatchObject([{ name: 'web', source: 'FILTER', seen: { minutes: 80 } }])
    expect(known.gaps.filter(({ unseenSeconds }) => unseenSeconds >= 600)).toHaveLength(1)
    const [vm] = known.input.vms
    expect(vm).toMatchObject({ intervalSeconds: 60, sentShare: 0.25, workingSet: [{ spanSeconds: 60, uniqueBytes: 30 * MIB }, { spanSeconds: 300, uniqueBytes: 60 * MIB }], writeLatencyMs: 0.5 })
    expect(vm?.dirtiedBytes).toHaveLength(90)
    expect(vm?.dirtiedBytes.slice(19, 31)).toEqual([30 * MIB, ...Array<null>(10).fill(null), 30 * MIB])
    // The site's limit of the demo, 2 Gbit/s; it is kept apart from what the line gives.
    expect(known.link).toMatchObject({ origin: 'LIMIT', p50BytesPerSecond: 250_000_000, limitBytesPerSecond: 250_000_000 })
    const { enough, converges, identicalSeconds, wireBytes } = forecastOf(known)
    expect({ enough, converges }).toEqual({ enough: true, converges: true })
    // A quarter of 4 GiB over 250 MB/s, and a little for what is written meanwhile.
    expect(identicalSeconds.p50).toBeGreaterThan(1024 ** 3 / 250_000_000)
    expect(identicalSeconds.p90 ?? Infinity).toBeLessThan(60)
    expect(wireBytes.p50).toBeGreaterThanOrEqual(1024 ** 3)
  })

  it('counts every write where only counters are known, and says when the copy would never end', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Busy', vmIds: ['vm-orders'] })
    await observe(estimateId, 'vm-orders', 90, () => 60 * 300_000_000, 'COUNTERS')
    const known = await portal.as(PEOPLE.olivia).estimate.read({ estimateId })
    expect(known).toMatchObject({ vms: [{ source: 'COUNTERS' }], workingSets: [], input: { vms: [{ dirtiedBytes: Array<number>(90).fill(60 * 300_000_000) }] } })
    expect(forecastOf(known)).toMatchObject({ converges: false, identicalSeconds: { p90: null }, remedy: { throttleBytesPerSecond: expect.any(Number) } })
  })

  it('shows how the range came about, from what had been seen by each moment', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Narrowing', vmIds: ['vm-web'] })
    await portal.owner.vmObservation.deleteMany({ where: { vmId: 'vm-web' } })
    await observe(estimateId, 'vm-web', 300, (minute) => (minute % 60 < 10 ? 600 * MIB : 6 * MIB))
    const moments = await portal.as(PEOPLE.viewer).estimate.narrowing({ estimateId })
    // Five of 24 hours are over.
    expect(moments.length).toBeGreaterThanOrEqual(4)
    expect(moments.length).toBeLessThanOrEqual(5)
    const widths = moments.flatMap(({ seconds }) => (seconds?.p50 == null || seconds.p90 === null ? [] : [seconds.p90 / seconds.p50]))
    expect(widths.length).toBeGreaterThanOrEqual(4)
    expect(widths.at(-1)).toBeLessThan(widths[0] ?? 0)
    expect(await refusal(portal.as(PEOPLE.henry).estimate.narrowing({ estimateId }))).toBe('ESTIMATE_UNKNOWN')
  })

  it('takes the line by the hour from probes, and windows from bookings', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Line', vmIds: ['vm-orders'] })
    const hour = new Date()
    hour.setUTCHours(hour.getUTCHours() - 3, 0, 0, 0)
    await portal.owner.linkProbe.createMany({ data: [10e6, 20e6, 30e6, 40e6].map((bytesPerSecond, index) => ({ ...owned, sourceAgentId: 'agent', at: new Date(hour.getTime() + index * MINUTE_MS), siteId: SITE, targetSiteId: 'site-northwind-zurich', probedBytes: 1n, seconds: 1, bytesPerSecond, roundTripMs: 5 })) })
    const waveId = await addWave(portal.owner, 'orders')
    const startsAt = new Date(Date.now() + 86_400_000)
    await portal.owner.booking.create({ data: { ...owned, waveId, targetSiteId: 'site-northwind-zurich', status: 'APPROVED', startsAt, lockoutAt: new Date(startsAt.getTime() + 3_600_000), endsAt: new Date(startsAt.getTime() + 7_200_000), requestedById: 'user-olivia', cutovers: 1 } })
    const known = await portal.as(PEOPLE.olivia).estimate.read({ estimateId })
    expect(known.link).toMatchObject({ origin: 'PROBED', intervals: 4, p50BytesPerSecond: 20e6, p90BytesPerSecond: 10e6, byHour: [{ hour: hour.getUTCHours(), p50BytesPerSecond: 20e6, looks: 4 }] })
    expect(known.windows).toMatchObject([{ booked: true, waveName: 'Wave of orders', fromMs: startsAt.getTime() }])
    expect(known.input.window).toMatchObject({ fromMs: startsAt.getTime() })
    await portal.owner.linkProbe.deleteMany()
    // Without probes the estimate says that nothing but copies, or the limit, tells of the line.
    await portal.as(PEOPLE.olivia).configure.limitSite({ siteId: SITE, bytesPerSecond: 250_000_000, probeShare: 0 })
    expect((await portal.as(PEOPLE.viewer).estimate.read({ estimateId })).link).toMatchObject({ origin: 'LIMIT', probeShare: 0 })
  })

  it('is ended early, once, and kept with all it was made of, marked with when that was', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Short' })
    expect(await portal.as(PEOPLE.olivia).estimate.read({ estimateId })).toMatchObject({ kept: null })
    await portal.owner.vmObservation.deleteMany()
    for (const vmId of ['vm-web', 'vm-orders']) await observe(estimateId, vmId, 180, (minute) => (minute % 60 < 10 ? 600 * MIB : 6 * MIB))
    expect(await portal.as(PEOPLE.olivia).estimate.end({ estimateId })).toBe(true)
    expect(await portal.as(PEOPLE.olivia).estimate.end({ estimateId })).toBe(false)
    const record = await portal.owner.estimateRecord.findFirstOrThrow({ where: { estimateId } })
    expect(record).toMatchObject({ ...owned, siteId: SITE, waveId: null, model: FORECAST_MODEL, predicted: { wave: { enough: true } } })
    expect(Math.abs((record.stoppedAfterSeconds ?? 0) - 180 * 60)).toBeLessThan(120)
    expect(keptPrediction.parse(record.predicted).wave.identicalSeconds).toEqual(forecastAgain(record.inputs).identicalSeconds)
    expect((await portal.as(PEOPLE.viewer).estimate.read({ estimateId })).kept).toEqual({ madeAt: record.madeAt, stoppedAfterSeconds: record.stoppedAfterSeconds, enough: true })
    expect((await portal.as(PEOPLE.viewer).estimate.list()).find((row) => row.id === estimateId)).toMatchObject({ status: 'CANCELLED', vmNames: ['orders', 'web'] })
  })

  it('counts with a fair part of the target’s line beside other customers’ copies, and tells nothing else of them', async () => {
    const MB = 1_000_000
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Shared end' })
    const read = () => portal.as(PEOPLE.olivia).estimate.read({ estimateId })
    expect((await read()).input.targetBytesPerSecond).toBeUndefined()
    await portal.as(PEOPLE.ada).configure.limitSite({ siteId: 'site-northwind-zurich', bytesPerSecond: 100 * MB })
    expect((await read()).input.targetBytesPerSecond).toBe(100 * MB)
    const waveId = await addWave(portal.owner, 'archive')
    expect((await read()).input.targetBytesPerSecond).toBe(100 * MB)
    const copying = { startedAt: new Date() }
    await portal.owner.wave.update({ where: { id: waveId }, data: { ...copying, migrations: { updateMany: { where: {}, data: copying } } } })
    const beside = await read()
    expect(beside.input.targetBytesPerSecond).toBe(50 * MB)
    expect(JSON.stringify(beside)).not.toMatch(new RegExp(`harbour|archive|${waveId}`))
    await portal.owner.wave.update({ where: { id: waveId }, data: { rateBytesPerSecond: BigInt(20 * MB) } })
    expect((await read()).input.targetBytesPerSecond).toBe(80 * MB)
    const forecast = await portal.as(PEOPLE.olivia).migrate.forecast({ siteId: SITE, vmIds: ['vm-web'], rateBytesPerSecond: null })
    expect(forecast).toMatchObject({ targetBytesPerSecond: 80 * MB, link: { p50BytesPerSecond: 250 * MB } })
    expect(await portal.as(PEOPLE.henry).migrate.forecast({ siteId: 'site-harbour-main', vmIds: ['vm-archive'], rateBytesPerSecond: null })).toMatchObject({ targetBytesPerSecond: 80 * MB })
    await portal.owner.wave.update({ where: { id: waveId }, data: { paused: true } })
    expect((await read()).input.targetBytesPerSecond).toBe(100 * MB)
    await portal.as(PEOPLE.ada).configure.limitSite({ siteId: 'site-northwind-zurich', bytesPerSecond: null })
  })

  it('is kept with the word that there is not enough data yet, where it was stopped too early', async () => {
    const estimateId = await portal.as(PEOPLE.olivia).estimate.start({ ...request, name: 'Too short' })
    await portal.owner.vmObservation.deleteMany()
    await observe(estimateId, 'vm-web', 6, () => 60 * MIB)
    expect(await portal.as(PEOPLE.olivia).estimate.end({ estimateId })).toBe(true)
    expect(await portal.as(PEOPLE.olivia).estimate.read({ estimateId })).toMatchObject({ status: 'CANCELLED', kept: { enough: false, stoppedAfterSeconds: expect.any(Number) } })
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
