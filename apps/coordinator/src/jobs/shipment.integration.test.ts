import { Prisma, beginShipment, cancelShipment, changeSourcePlaces, changeTransitDays, handOverShipment, importShipment, inScope, planWave, readInboxFacts, readRunbookFacts, readShipment, readSiteHistory, readWave, readWaveTravel, receiveShipment, startWave } from '@driftless/db'
import type { Scope, ScopedTx } from '@driftless/db'
import { wake } from '@driftless/jobs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { playPair, seeds } from '../testing/fake-pair.ts'
import type { Quirks } from '../testing/fake-pair.ts'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, OPERATOR, SCHEDULER, eventually, inventoryVm, openWorld, reportOf } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const HARBOUR: Scope = { kind: 'tenant', tenantId: 'harbour', actor: { kind: 'USER', id: 'user-henry', name: 'Henry' } }
const DAY_MS = 86_400_000
const refusedAs = (code: string) => expect.objectContaining({ name: 'DomainError', code })

describe('a shipment', { timeout: 60_000 }, () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  let pair: ReturnType<typeof playPair> | null = null
  let quirks: Quirks = {}

  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    await agents.source.calls.report(reportOf({ inventory: { vms: ['vm-1', 'vm-2', 'vm-3', 'vm-4', 'vm-5'].map((ref) => inventoryVm(ref)) } }))
  })
  afterAll(async () => {
    await pair?.stop()
    agents.source.close()
    agents.target.close()
    await world.close()
  })

  const as = <T>(scope: Scope, work: (tx: ScopedTx) => Promise<T>) => inScope(world.web, scope, work)
  const statusOf = async (shipmentId: string) => (await world.owner.shipment.findUniqueOrThrow({ where: { id: shipmentId } })).status
  const reaches = (shipmentId: string, status: string) => eventually(async () => (await statusOf(shipmentId)) === status, undefined, async () => [await statusOf(shipmentId), pair?.stages])
  const migration = (id: string) => world.owner.migration.findUniqueOrThrow({ where: { id } })
  async function planned(refs: readonly string[]) {
    const vms = await as(OPERATOR, (tx) => tx.db.vm.findMany({ where: { ref: { in: [...refs] } }, orderBy: { ref: 'asc' } }))
    const waveId = await as(OPERATOR, (tx) => planWave(tx, { name: `wave of ${refs.join(', ')}`, siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', cutoverMode: 'MANUAL', rateBytesPerSecond: null, vms: vms.map((vm) => ({ vmId: vm.id, network: 'web-prod', storage: 'nvme-gold', cpus: vm.cpus, memoryBytes: vm.memoryBytes })) }))
    const rows = await world.owner.migration.findMany({ where: { waveId }, orderBy: { position: 'asc' } })
    return { waveId, migrationIds: rows.map(({ id }) => id) }
  }
  const begin = (waveId: string, migrationIds: readonly string[], places: readonly string[] = ['usb-1', 'usb-2'], transitDays = 3) => as(OPERATOR, (tx) => beginShipment(tx, { waveId, migrationIds, places, transitDays }, new Date()))
  const start = async (waveId: string, migrationIds: readonly string[]) => {
    await as(OPERATOR, (tx) => startWave(tx, waveId, null))
    for (const migrationId of migrationIds) await wake(world.queues, 'drive-migration', { migrationId })
  }

  it('is refused where an agent has no place for seeds, and nothing of it is left', async () => {
    const { waveId, migrationIds } = await planned(['vm-5'])
    await expect(begin(waveId, migrationIds)).rejects.toEqual(refusedAs('SEED_NO_PLACE'))
    await agents.source.calls.report(reportOf(seeds('SOURCE')))
    await expect(begin(waveId, migrationIds)).rejects.toEqual(refusedAs('SEED_NO_PLACE_AT_TARGET'))
    await agents.target.calls.report(reportOf({ ...seeds('TARGET'), stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    await expect(begin(waveId, migrationIds, ['usb-9'])).rejects.toEqual(refusedAs('SEED_PLACE_UNKNOWN'))
    await expect(begin(waveId, migrationIds, ['usb-1', 'usb-1'])).rejects.toEqual(refusedAs('SEED_PLACES'))
    await expect(begin(waveId, migrationIds, [])).rejects.toEqual(refusedAs('SEED_PLACES'))
    await expect(begin(waveId, [])).rejects.toEqual(refusedAs('SHIPMENT_NO_VMS'))
    await expect(begin(waveId, ['somebody else’s'])).rejects.toEqual(refusedAs('MIGRATION_UNKNOWN'))
    await expect(begin(waveId, migrationIds, ['usb-1'], 0)).rejects.toEqual(refusedAs('SHIPMENT_DAYS'))
    await expect(as(HARBOUR, (tx) => beginShipment(tx, { waveId, migrationIds, places: ['usb-1'], transitDays: 3 }, new Date()))).rejects.toEqual(refusedAs('WAVE_UNKNOWN'))
    expect(await world.owner.shipment.count()).toBe(0)
  })

  it('goes from hand to hand, is refused at the wrong bay, is read at another, and is caught up', async () => {
    quirks = { refuseSeed: { code: 'SEED_NOT_THERE', place: 'bay-1' } }
    pair = playPair(agents, () => quirks)
    const { waveId, migrationIds: [carried = '', wired = ''] } = await planned(['vm-1', 'vm-2'])
    const id = await begin(waveId, [carried])
    await expect(begin(waveId, [wired])).rejects.toEqual(refusedAs('SHIPMENT_EXISTS'))
    await start(waveId, [carried, wired])
    await reaches(id, 'PREPARED')
    // The other VM goes over the wire as ever.
    await eventually(async () => (await migration(wired)).status === 'READY_FOR_CUTOVER')
    await eventually(async () => (await migration(carried)).waitReason === 'SHIPMENT_TO_HAND_OVER')
    expect((await migration(carried)).status).toBe('REPLICATING')
    expect(pair.stages).toContain('source REPLICATE 0 EXPORT')

    const travel = async () => (await as(OPERATOR, (tx) => readWaveTravel(tx, waveId, new Date())))?.travel
    const written = await travel()
    expect(written).toMatchObject({ reason: 'TO_HAND_OVER', shipmentId: id, vmNames: ['vm-1'], observed: 0, catchUpBytes: 8_192 })
    expect(((written?.arrivesAtMs ?? 0) - Date.now()) / DAY_MS).toBeCloseTo(3, 1)
    // Reading half a MiB, and sending what was written, is soon done.
    expect((written?.identicalAtMs.p90 ?? Infinity) - (written?.arrivesAtMs ?? 0)).toBeLessThan(60_000)
    // Of what travels only what was written meanwhile goes over the wire, and its line is not said to be down.
    expect(await as(OPERATOR, (tx) => readWave(tx, waveId, new Date()))).toMatchObject({ travelling: 1, leftBytes: 0 })
    const runbook = await as(OPERATOR, (tx) => readRunbookFacts(tx, waveId, readSiteHistory))
    expect(runbook?.vms.map(({ name, facts }) => [name, facts.shipment?.status ?? null])).toEqual([['vm-1', 'PREPARED'], ['vm-2', null]])
    expect(await as(HARBOUR, (tx) => readWaveTravel(tx, waveId, new Date()))).toBeNull()
    // In three days it is another hour of the timetable; what the target's end takes in is the same.
    const sendingMs = async () => {
      const seen = await travel()
      return (seen?.identicalAtMs.p50 ?? Infinity) - (seen?.readAtMs ?? 0)
    }
    const hour = new Date().getUTCHours()
    const limited = (id: string, data: Prisma.SiteUpdateInput) => world.owner.site.update({ where: { id }, data })
    await limited(DEMO_SOURCE_SITE, { timeZone: 'UTC', rateSchedule: [{ days: [1, 2, 3, 4, 5, 6, 7], fromMinute: hour * 60, toMinute: ((hour + 2) % 24) * 60, bytesPerSecond: 1_000 }] })
    expect(await sendingMs()).toBeLessThan(1_000)
    await limited(DEMO_TARGET_SITE, { linkRateBytesPerSecond: 1_000n })
    expect(await sendingMs()).toBeCloseTo(8_192, 0)
    await limited(DEMO_SOURCE_SITE, { timeZone: null, rateSchedule: Prisma.DbNull })
    await limited(DEMO_TARGET_SITE, { linkRateBytesPerSecond: null })

    const devices = await world.owner.shipmentDevice.findMany({ where: { shipmentId: id }, orderBy: { place: 'asc' } })
    expect(devices.map(({ place, deviceIds, storedBytes }) => [place, deviceIds, Number(storedBytes)])).toEqual([['usb-1', ['device of usb-1'], 131_072], ['usb-2', ['device of usb-2'], 131_072]])
    const handOver = (changes: object = {}) => as(OPERATOR, (tx) => handOverShipment(tx, id, { carrier: 'Post', trackingNumber: '12.34', handedOverAt: new Date(), seals: [{ place: 'usb-1', seal: 'A-17' }], note: 'at the counter', ...changes }, new Date()))
    await expect(as(HARBOUR, (tx) => handOverShipment(tx, id, { carrier: 'Thief', trackingNumber: null, handedOverAt: new Date(), seals: [], note: null }, new Date()))).rejects.toEqual(refusedAs('SHIPMENT_UNKNOWN'))
    await expect(handOver({ handedOverAt: new Date(Date.now() + DAY_MS) })).rejects.toEqual(refusedAs('SHIPMENT_DATE'))
    await expect(handOver({ handedOverAt: new Date(Date.now() - DAY_MS) })).rejects.toEqual(refusedAs('SHIPMENT_DATE'))
    await expect(handOver({ seals: [{ place: 'another', seal: 'x' }] })).rejects.toEqual(refusedAs('SHIPMENT_DEVICE_UNKNOWN'))
    await expect(as(SCHEDULER, (tx) => receiveShipment(tx, id, { sealsIntact: true, note: null }, new Date()))).rejects.toEqual(refusedAs('SHIPMENT_STATUS'))
    // A date field says no seconds: the full minute may lie before the shipment began.
    await handOver({ handedOverAt: new Date(Math.floor(Date.now() / 60_000) * 60_000) })
    await expect(handOver()).rejects.toEqual(refusedAs('SHIPMENT_STATUS'))
    await as(OPERATOR, (tx) => changeTransitDays(tx, id, 5, new Date()))
    const away = await world.owner.shipment.findUniqueOrThrow({ where: { id } })
    expect(away.expectedAt?.getTime()).toBe((away.handedOverAt?.getTime() ?? 0) + 5 * DAY_MS)

    expect(await travel()).toMatchObject({ reason: 'ON_THEIR_WAY', arrivesAtMs: away.expectedAt?.getTime() })

    // A lorry that does not come is the customer's to ask after.
    await world.owner.shipment.update({ where: { id }, data: { expectedAt: new Date(Date.now() - 1_000) } })
    await wake(world.queues, 'drive-migration', { migrationId: carried })
    await wake(world.queues, 'drive-shipment', { shipmentId: id })
    await eventually(async () => (await migration(carried)).waitReason === 'SHIPMENT_LATE')
    await eventually(async () => (await world.owner.shipmentEvent.count({ where: { shipmentId: id, what: 'LATE' } })) === 1)
    expect((await as(OPERATOR, (tx) => readShipment(tx, id, new Date(), { targetPlaces: false })))?.late).toBe(true)

    expect(await travel()).toMatchObject({ reason: 'LATE', arrivesAtMs: null, readAtMs: null, identicalAtMs: { p50: null, p90: null } })
    await as(SCHEDULER, (tx) => receiveShipment(tx, id, { sealsIntact: true, note: 'two boxes' }, new Date()))
    await expect(as(SCHEDULER, (tx) => importShipment(tx, id, ['usb-1'], new Date()))).rejects.toEqual(refusedAs('SEED_PLACE_UNKNOWN'))
    await as(SCHEDULER, (tx) => importShipment(tx, id, ['bay-1'], new Date()))
    await eventually(async () => (await world.owner.shipmentEvent.count({ where: { shipmentId: id, what: 'REFUSED' } })) === 1)
    await wake(world.queues, 'drive-migration', { migrationId: carried })
    await eventually(async () => (await migration(carried)).waitReason === 'SHIPMENT_REFUSED')
    expect((await as(OPERATOR, (tx) => readShipment(tx, id, new Date(), { targetPlaces: false })))?.vms[0]?.imported.problem?.known).toBe('SEED_NOT_THERE')
    expect(await travel()).toMatchObject({ reason: 'REFUSED', readAtMs: null })
    const staff = await as(SCHEDULER, (tx) => readInboxFacts(tx, { id: 'user-samir', role: 'PROVIDER_SCHEDULER', tenantId: null }, new Date()))
    expect(staff.shipments).toEqual([expect.objectContaining({ id, status: 'IMPORTING', importRefused: true })])
    await as(SCHEDULER, (tx) => importShipment(tx, id, ['bay-2'], new Date()))
    await reaches(id, 'CAUGHT_UP')
    await eventually(async () => (await migration(carried)).status === 'READY_FOR_CUTOVER')
    await expect(as(OPERATOR, (tx) => cancelShipment(tx, id, 'too late', new Date()))).rejects.toEqual(refusedAs('SHIPMENT_STATUS'))

    expect(await travel()).toBeNull()
    const [row] = await world.owner.shipmentVm.findMany({ where: { shipmentId: id } })
    expect(row).toMatchObject({ manifestHash: row?.importedManifestHash, damagedChunks: 1, damagedBytes: 65_536n, storedBytes: 262_144n, writtenMeanwhileBytes: 8_192n })
    expect(row?.caughtUpAt).not.toBeNull()
    const record = await world.owner.shipmentEvent.findMany({ where: { shipmentId: id }, orderBy: [{ at: 'asc' }, { id: 'asc' }] })
    expect(record.map(({ what, actorName }) => [what, actorName])).toEqual([
      ['PREPARING', 'Olivia Berger'], ['PREPARED', 'Driftless'], ['HANDED_OVER', 'Olivia Berger'], ['DAYS', 'Olivia Berger'], ['LATE', 'Driftless'], ['RECEIVED', 'Samir Haddad'], ['IMPORTING', 'Samir Haddad'],
      ['REFUSED', 'Driftless'], ['PLACES', 'Samir Haddad'], ['DAMAGED', 'Driftless'], ['IMPORTED', 'Driftless'], ['CAUGHT_UP', 'Driftless'],
    ])
    await expect(world.owner.shipmentEvent.updateMany({ where: { shipmentId: id }, data: { note: 'forged' } })).rejects.toThrow(/only grows|never changed|refused/i)
    await expect(world.owner.shipmentEvent.deleteMany({ where: { shipmentId: id } })).rejects.toThrow(/only grows|never changed|refused/i)
    const audited = await world.owner.auditEntry.findMany({ where: { subjectId: id, action: 'shipment.status' }, orderBy: { id: 'asc' } })
    expect(audited.map(({ after }) => after)).toEqual(['PREPARED', 'HANDED_OVER', 'RECEIVED', 'IMPORTING', 'IMPORTED', 'CAUGHT_UP'])
    // From the import on the source sends what was written meanwhile, and the target keeps what it read.
    expect(pair.stages.slice(pair.stages.lastIndexOf('source REPLICATE 0 CARRY'))).toContain('source REPLICATE 0 CATCH_UP')
    expect(pair.stages).toContain('target RECEIVE 0 KEEP')
  })

  it('is given up, and its VMs go over the wire; the wave may be sent anew only while they are not copied', async () => {
    const { waveId, migrationIds } = await planned(['vm-3'])
    const id = await begin(waveId, migrationIds, ['usb-1'])
    await start(waveId, migrationIds)
    await reaches(id, 'PREPARED')
    await expect(as(OPERATOR, (tx) => changeSourcePlaces(tx, id, ['usb-2'], new Date()))).rejects.toEqual(refusedAs('SHIPMENT_STATUS'))
    await expect(as(OPERATOR, (tx) => cancelShipment(tx, id, ' ', new Date()))).rejects.toEqual(refusedAs('REASON_MISSING'))
    await as(OPERATOR, (tx) => cancelShipment(tx, id, 'the parcel was lost', new Date()))
    for (const migrationId of migrationIds) await wake(world.queues, 'drive-migration', { migrationId })
    await eventually(async () => (await migration(migrationIds[0] ?? '')).status === 'READY_FOR_CUTOVER')
    await expect(begin(waveId, migrationIds)).rejects.toEqual(refusedAs('SHIPMENT_VM_TOO_FAR'))
  })

  it('ends with the last of its VMs', async () => {
    const { waveId, migrationIds } = await planned(['vm-4'])
    const id = await begin(waveId, migrationIds, ['usb-1'])
    await start(waveId, migrationIds)
    await reaches(id, 'PREPARED')
    await world.owner.migration.updateMany({ where: { id: { in: migrationIds } }, data: { status: 'CANCELLED', endedAt: new Date() } })
    await reaches(id, 'CANCELLED')
  })
})
