import { DEFAULT_APPROVAL_POLICY, DomainError } from '@driftless/domain'
import { bookWindow, cancelMigration, cancelWave, decideBooking, decideGoNoGo, discardTestBoot, inScope, requestCutover, startTestBoot } from '@driftless/db'
import { wake } from '@driftless/jobs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { playPair } from '../testing/fake-pair.ts'
import type { Quirks } from '../testing/fake-pair.ts'
import { APPROVER, OPERATOR, SCHEDULER, eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const inHours = (hours: number, from = new Date()) => new Date(from.getTime() + hours * 3_600_000)

describe('test boots', { timeout: 60_000 }, () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  let pair: ReturnType<typeof playPair> | null = null
  let quirk: Quirks = {}
  let number = 0

  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
  })
  afterEach(async () => {
    await pair?.stop()
    pair = null
    quirk = {}
    for (const wave of await world.owner.wave.findMany()) await inScope(world.web, OPERATOR, (tx) => cancelWave(tx, wave.id, world.signer))
    await world.owner.booking.updateMany({ where: { status: { in: ['REQUESTED', 'APPROVED', 'LOCKED', 'IN_PROGRESS'] } }, data: { status: 'EXPIRED' } })
  })
  afterAll(async () => {
    agents.source.close()
    agents.target.close()
    await world.close()
  })

  /** A VM that replicates in step. */
  async function ready(mode: 'MANUAL' | 'AUTOMATIC' = 'MANUAL') {
    const ref = `vm-${(number += 1)}`
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm(ref)] } }))
    const { waveId, migrationIds: [id = ''] } = await startedWave(world, [ref], mode)
    pair = playPair(agents, () => quirk)
    await eventually(async () => (await migration(id)).status === 'READY_FOR_CUTOVER')
    return { waveId, id }
  }
  const migration = (id: string) => world.owner.migration.findUniqueOrThrow({ where: { id }, include: { testBoots: { orderBy: { id: 'asc' } }, attempts: true } })
  const test = async (id: string) => (await migration(id)).testBoots.at(-1)
  const comesTo = (id: string, status: string) => eventually(async () => (await test(id))?.status === status, undefined, () => migration(id))
  const isBack = (id: string) => eventually(async () => (await migration(id)).status === 'READY_FOR_CUTOVER', undefined, () => migration(id))
  const drive = (migrationId: string) => wake(world.queues, 'drive-migration', { migrationId })
  /** As the portal does it. */
  const start = async (id: string, now = new Date()) => {
    await inScope(world.web, OPERATOR, (tx) => startTestBoot(tx, id, inHours(4, now), now))
    await drive(id)
  }
  const discard = async (id: string) => {
    await inScope(world.web, OPERATOR, (tx) => discardTestBoot(tx, id))
    await drive(id)
  }
  const refusal = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(() => null, (reason: unknown) => reason)
    return error instanceof DomainError ? error.code : error
  }

  /** The target's hypervisor boots tests: nothing is booked for one otherwise. */
  const offerTests = () => world.owner.agent.updateMany({ where: { role: 'TARGET' }, data: { hypervisor: { kind: 'LAB', product: null, capabilities: [{ name: 'TEST_BOOT', available: true, verified: 'REAL' }], filters: [], problem: null } } })

  it('begins by itself in the window that was booked for it, once, and ends with it', async () => {
    const { id, waveId } = await ready()
    await offerTests()
    const now = new Date()
    const endsAt = inHours(1, now)
    const bookingId = await inScope(world.web, OPERATOR, (tx) => bookWindow(tx, { waveId, kind: 'TEST', startsAt: now, endsAt, note: null }, now.getTime()))
    await drive(id)
    expect(await test(id)).toBeUndefined()
    await inScope(world.web, SCHEDULER, (tx) => decideBooking(tx, { bookingId, approve: true, reason: null }, now))
    await wake(world.queues, 'advance-booking', { bookingId })
    await comesTo(id, 'HEALTHY')
    expect(await test(id)).toMatchObject({ startedById: null, expiresAt: endsAt })
    await discard(id)
    await isBack(id)
    await drive(id)
    await drive(id)
    expect((await migration(id)).testBoots).toHaveLength(1)
    // Once more, with the window drawing to its end: the test goes with it.
    await world.owner.testBoot.updateMany({ where: { migrationId: id }, data: { startedAt: inHours(-1, now) } })
    await drive(id)
    await comesTo(id, 'HEALTHY')
    await world.owner.testBoot.updateMany({ where: { migrationId: id, status: 'HEALTHY' }, data: { expiresAt: new Date() } })
    await drive(id)
    await isBack(id)
    expect(await test(id)).toMatchObject({ status: 'ENDED', endReason: 'EXPIRED', outcome: 'HEALTHY' })
  })

  it('waits for the go where the customer’s policy asks one for tests', async () => {
    const { id, waveId } = await ready()
    await offerTests()
    const { tenantId, providerId } = await migration(id)
    await world.owner.approvalPolicy.create({ data: { tenantId, providerId, ...DEFAULT_APPROVAL_POLICY, roles: [...DEFAULT_APPROVAL_POLICY.roles], personIds: [], testsNeedGo: true } })
    const now = new Date()
    const bookingId = await inScope(world.web, OPERATOR, (tx) => bookWindow(tx, { waveId, kind: 'TEST', startsAt: now, endsAt: inHours(1, now), note: null }, now.getTime()))
    await inScope(world.web, SCHEDULER, (tx) => decideBooking(tx, { bookingId, approve: true, reason: null }, now))
    await wake(world.queues, 'advance-booking', { bookingId })
    await eventually(async () => (await world.owner.booking.findUniqueOrThrow({ where: { id: bookingId } })).status === 'IN_PROGRESS')
    await drive(id)
    expect(await test(id)).toBeUndefined()
    await inScope(world.web, APPROVER, (tx) => decideGoNoGo(tx, { waveId, bookingId, decision: 'GO', reason: null }, world.signer))
    await drive(id)
    await comesTo(id, 'HEALTHY')
    await world.owner.approvalPolicy.deleteMany()
    await discard(id)
    await isBack(id)
  })

  it('comes to its result, holds a cutover off, and is discarded', async () => {
    const { id, waveId } = await ready()
    await openWindow(world, waveId)
    await start(id)
    await comesTo(id, 'HEALTHY')
    expect(await migration(id)).toMatchObject({ status: 'TESTING', testBoots: [{ outcome: 'HEALTHY', heldMs: 12, acknowledgedSequence: 42n, startedByName: 'Olivia Berger' }] })
    expect(await refusal(inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, new Date())))).toBe('TEST_RUNNING')
    expect(await refusal(inScope(world.web, OPERATOR, (tx) => startTestBoot(tx, id, inHours(4), new Date())))).toBe('TEST_RUNNING')
    await discard(id)
    await isBack(id)
    expect(await test(id)).toMatchObject({ status: 'ENDED', outcome: 'HEALTHY', endReason: 'DISCARDED', endedAt: expect.any(Date) })
    const said = await world.owner.auditEntry.findMany({ where: { subjectId: id, action: { startsWith: 'test.' } }, orderBy: { id: 'asc' } })
    expect(said.map((entry) => entry.after ?? entry.action)).toEqual(['test.start', 'MARKING', 'BOOTING', 'HEALTHY', 'ENDING'])
    // The cutover goes its way as if there had been no test.
    await inScope(world.web, OPERATOR, (tx) => requestCutover(tx, id, new Date()))
    await drive(id)
    await eventually(async () => (await migration(id)).status === 'COMPLETED')
  })

  it.each<[string, Quirks, string]>([
    ['the guest finds its disk broken', { brokenGuest: true }, 'record 7 has a wrong checksum'],
    ['records are missing', { lostRecords: 2 }, 'The guest had acknowledged record 42; the test has only up to 40.'],
  ])('is told as broken when %s, and another may follow', async (_what, how, detail) => {
    const { id } = await ready()
    quirk = how
    await start(id)
    await comesTo(id, 'BROKEN')
    expect(await test(id)).toMatchObject({ outcome: 'BROKEN', detail })
    await discard(id)
    await isBack(id)
    quirk = {}
    await start(id)
    await comesTo(id, 'HEALTHY')
    expect((await migration(id)).testBoots).toHaveLength(2)
  })

  it('ends by itself when it is lost, and when its time is up', async () => {
    const { id } = await ready()
    quirk = { loseTest: true }
    await start(id)
    await isBack(id)
    expect(await test(id)).toMatchObject({ status: 'ENDED', outcome: null, endReason: 'FAILED', detail: 'The target agent was started anew.' })
    quirk = {}
    await start(id, new Date(Date.now() - 4 * 3_600_000))
    await isBack(id)
    expect(await test(id)).toMatchObject({ status: 'ENDED', endReason: 'EXPIRED' })
  })

  it('gives way to an automatic cutover whose window opens', async () => {
    const { id, waveId } = await ready('AUTOMATIC')
    await start(id)
    await comesTo(id, 'HEALTHY')
    await openWindow(world, waveId)
    await eventually(async () => (await migration(id)).status === 'COMPLETED', undefined, () => migration(id))
    expect(await test(id)).toMatchObject({ status: 'ENDED', endReason: 'WINDOW_OPENED' })
  })

  it('ends with its migration, and does not begin before there is something to test', async () => {
    const { id } = await ready()
    await start(id)
    await comesTo(id, 'HEALTHY')
    await inScope(world.web, OPERATOR, (tx) => cancelMigration(tx, id, world.signer))
    expect(await migration(id)).toMatchObject({ status: 'CANCELLED', testBoots: [{ status: 'ENDED', endReason: 'CANCELLED' }] })
    expect(await refusal(inScope(world.web, OPERATOR, (tx) => startTestBoot(tx, id, inHours(4), new Date())))).toBe('NOT_READY_FOR_TEST')
    await discard(id) // over already: nothing happens
    expect((await test(id))?.endReason).toBe('CANCELLED')
  })
})
