import { controlWave, forecastAgain, inScope, keptPrediction, readCorrection, readSiteErrors, startEstimate } from '@driftless/db'
import { FEWEST_PREDICTIONS, FORECAST_MODEL } from '@driftless/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playPair } from '../testing/fake-pair.ts'
import { DEMO_SOURCE_SITE, OPERATOR, SCHEDULER, eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const MINUTE_MS = 60_000
const MINUTES = 120

describe('estimates that are kept', { timeout: 120_000 }, () => {
  let world: World
  let agents: Awaited<ReturnType<World['enrolBoth']>>
  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.source.calls.report(reportOf({ inventory: { vms: ['vm-a', 'vm-b', 'vm-c', 'vm-d', 'vm-e', 'vm-new'].map((ref) => inventoryVm(ref)) } }))
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    for (const ref of ['vm-a', 'vm-b', 'vm-c', 'vm-d', 'vm-e']) await observe(ref)
  })
  afterAll(async () => {
    agents.source.close()
    agents.target.close()
    await world.close()
  })

  const idOf = async (ref: string) => (await world.owner.vm.findFirstOrThrow({ where: { ref } })).id
  /** Two hours of a VM that writes a page now and then. */
  async function observe(ref: string): Promise<void> {
    const vmId = await idOf(ref)
    const from = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - MINUTES * MINUTE_MS
    await world.owner.vmObservation.createMany({
      data: Array.from({ length: MINUTES }, (_, minute) => ({ vmId, providerId: 'northwind', tenantId: 'alpine', minute: new Date(from + minute * MINUTE_MS), lengthSeconds: 60, coveredSeconds: 60, source: 'FILTER' as const, writtenBytes: 8_192n, unique1m: 4_096n, unique5m: 8_192n, blocksPerStamp: 1 })),
    })
  }

  it('stand with their inputs when an observation ends, once, and can be made again', async () => {
    const vmIds = [await idOf('vm-a'), await idOf('vm-b')]
    const estimateId = await inScope(world.web, OPERATOR, (tx) => startEstimate(tx, { siteId: DEMO_SOURCE_SITE, name: 'Two hours', vmIds, durationSeconds: 10, shippingDays: 3 }, new Date(Date.now() - MINUTES * MINUTE_MS)))
    await world.owner.estimate.update({ where: { id: estimateId }, data: { endsAt: new Date() } })
    const record = await eventually(() => world.owner.estimateRecord.findFirst({ where: { estimateId } }))
    expect(record).toMatchObject({ tenantId: 'alpine', siteId: DEMO_SOURCE_SITE, waveId: null, model: FORECAST_MODEL, predicted: { wave: { enough: true, converges: true }, vms: [{ id: vmIds[0] }, { id: vmIds[1] }] } })
    const again = forecastAgain(record.inputs)
    expect(keptPrediction.parse(record.predicted).wave).toMatchObject({ identicalSeconds: again.identicalSeconds, wireBytes: again.wireBytes })
    await expect(world.owner.$executeRaw`UPDATE estimate_record SET model = 'another'`).rejects.toThrow('only grows')
  })

  it('stand beside what came of the move, and publish the error of their site; what was disturbed is told and not counted', async () => {
    const counted = await startedWave(world, ['vm-a', 'vm-b'], 'AUTOMATIC', true)
    const slowed = await startedWave(world, ['vm-c'], 'AUTOMATIC', true)
    const unknown = await startedWave(world, ['vm-new'], 'AUTOMATIC', true)
    await inScope(world.web, OPERATOR, (tx) => controlWave(tx, slowed.waveId, { rateBytesPerSecond: 1_000_000n }))
    const all = [...counted.migrationIds, ...slowed.migrationIds, ...unknown.migrationIds]
    const pair = playPair(agents)
    await eventually(async () => (await world.owner.migration.count({ where: { id: { in: all }, status: 'READY_FOR_CUTOVER' } })) === all.length)
    await openWindow(world, counted.waveId)
    await eventually(async () => (await world.owner.migration.count({ where: { id: { in: counted.migrationIds }, status: 'COMPLETED' } })) === 2)
    await pair.stop()

    const record = await world.owner.estimateRecord.findFirstOrThrow({ where: { waveId: counted.waveId } })
    const outcomes = await world.owner.estimateOutcome.findMany({ where: { migrationId: { in: counted.migrationIds } }, orderBy: [{ migrationId: 'asc' }, { quantity: 'asc' }] })
    expect(outcomes.map(({ quantity }) => quantity)).toEqual(['TIME_TO_IDENTICAL', 'WIRE_BYTES', 'CUTOVER', 'TIME_TO_IDENTICAL', 'WIRE_BYTES', 'CUTOVER'])
    const { vms } = keptPrediction.parse(record.predicted)
    for (const migrationId of counted.migrationIds) {
      const migration = await world.owner.migration.findUniqueOrThrow({ where: { id: migrationId }, include: { replications: true, attempts: true } })
      const said = vms.find(({ id }) => id === migration.vmId)
      const [copy, wire, cutover] = outcomes.filter((outcome) => outcome.migrationId === migrationId)
      expect(copy).toMatchObject({ ...said?.identicalSeconds, recordId: record.id, disturbed: [], actual: ((migration.readyAt?.getTime() ?? 0) - (migration.startedAt?.getTime() ?? 0)) / 1000 })
      expect(wire).toMatchObject({ ...said?.wireBytes, disturbed: [] })
      expect(cutover).toMatchObject({ ...said?.cutoverSeconds, disturbed: [] })
      expect(cutover?.actual).toBeGreaterThan(0)
    }
    expect(await world.owner.estimateOutcome.findMany({ where: { migrationId: { in: slowed.migrationIds } }, select: { quantity: true, disturbed: true } })).toEqual([{ quantity: 'TIME_TO_IDENTICAL', disturbed: ['LIMIT_CHANGED'] }, { quantity: 'WIRE_BYTES', disturbed: ['LIMIT_CHANGED'] }])
    // Of a VM that nobody had observed nothing was promised.
    expect(await world.owner.estimateOutcome.count({ where: { migrationId: { in: unknown.migrationIds } } })).toBe(0)
    for (const scope of [OPERATOR, SCHEDULER])
      expect(await inScope(world.web, scope, (tx) => readSiteErrors(tx, [DEMO_SOURCE_SITE]))).toMatchObject([{ errors: { TIME_TO_IDENTICAL: { n: 2 }, CUTOVER: { n: 2 }, ADDED_LATENCY: null }, disturbed: 1, correction: null }])
  })

  it('count a copy that was given up after its P90 as one that never ended, and leave out one that was given up before', async () => {
    const errors = async () => (await inScope(world.web, OPERATOR, (tx) => readSiteErrors(tx, [DEMO_SOURCE_SITE])))[0]?.errors.TIME_TO_IDENTICAL
    const before = await errors()
    const { waveId, migrationIds } = await startedWave(world, ['vm-d', 'vm-e'], 'AUTOMATIC', true)
    const { predicted } = await world.owner.estimateRecord.findFirstOrThrow({ where: { waveId } })
    for (const [index, id] of migrationIds.entries()) {
      const { vmId } = await world.owner.migration.findUniqueOrThrow({ where: { id } })
      const p90 = keptPrediction.parse(predicted).vms.find((vm) => vm.id === vmId)?.identicalSeconds.p90 ?? Number.NaN
      const endedAt = new Date()
      const startedAt = new Date(endedAt.getTime() - (index === 0 ? 2 : 0.5) * p90 * 1000)
      await world.owner.telemetrySample.createMany({ data: Array.from({ length: Math.ceil((2 * p90) / 60) }, (_, minute) => ({ vmId, providerId: 'northwind', tenantId: 'alpine', migrationId: id, at: new Date(endedAt.getTime() - minute * MINUTE_MS), intervalSeconds: 60, backgroundBytesPerSecond: 0, foregroundBytesPerSecond: 0, backlogBytes: 1n, lagSeconds: 0, guestWriteBytesPerSecond: 0, uniqueWriteBytes: 0n })) })
      await world.owner.migration.update({ where: { id }, data: { status: 'CANCELLED', startedAt, endedAt } })
    }
    expect(before).toMatchObject({ n: 2, endCalledRight: 1 })
    expect(await errors()).toMatchObject({ n: 3, medianError: before?.medianError, endCalledRight: expect.closeTo(2 / 3, 9), p90Held: expect.closeTo(((before?.p90Held ?? Number.NaN) * 2) / 3, 9) })
  })

  it('are corrected by what enough moves have shown, from what the simulation itself had said', async () => {
    const record = await world.owner.estimateRecord.findFirstOrThrow({ where: { estimateId: { not: null } } })
    const { id: _id, estimateId: _estimate, ...row } = record
    const taught = await world.owner.estimateRecord.create({ data: { ...row, inputs: {}, predicted: {} } })
    const [vm] = await world.owner.vm.findMany({ where: { ref: 'vm-a' } })
    const wave = await world.owner.wave.findFirstOrThrow()
    const far = await world.owner.site.create({ data: { id: 'site-far', providerId: 'northwind', tenantId: 'alpine', kind: 'SOURCE', name: 'Far away' } })
    const correction = () => inScope(world.web, OPERATOR, (tx) => readCorrection(tx, far.id))
    for (let move = 0; move < FEWEST_PREDICTIONS; move += 1) {
      expect(await correction()).toBeNull()
      const migration = await world.owner.migration.create({ data: { providerId: 'northwind', tenantId: 'alpine', waveId: wave.id, vmId: vm?.id ?? '', position: 90 + move, status: 'CANCELLED', network: 'n', storage: 's', cpus: 1, memoryBytes: 1n } })
      await world.owner.estimateOutcome.create({ data: { migrationId: migration.id, quantity: 'TIME_TO_IDENTICAL', providerId: 'northwind', tenantId: 'alpine', siteId: far.id, recordId: taught.id, p50: 150, p90: 180, uncorrectedP50: 100, uncorrectedP90: 120, actual: 150 } })
    }
    // Half as long again, drawn towards none as so few moves are; what had been corrected already is right.
    expect(await correction()).toEqual({ p50Factor: expect.closeTo(1.5 ** (1 / 3), 9), p90Factor: expect.closeTo(1.25 ** (1 / 3), 9) })
    expect(await inScope(world.web, OPERATOR, (tx) => readSiteErrors(tx, [far.id]))).toMatchObject([{ errors: { TIME_TO_IDENTICAL: { n: FEWEST_PREDICTIONS, medianError: 0, p90Held: 1 } } }])
  })
})
