import { askToAccept, inScope, returnVm } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { evidenceFacts } from '@driftless/evidence'
import { wake } from '@driftless/jobs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { playPair } from '../testing/fake-pair.ts'
import type { Quirks } from '../testing/fake-pair.ts'
import { APPROVER, OPERATOR, eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const MINUTE_MS = 60_000

describe('after the cutover', { timeout: 120_000 }, () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  let pair: ReturnType<typeof playPair>
  let quirks: Quirks = {}
  let count = 0

  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    await agents.source.calls.report(reportOf({ inventory: { vms: Array.from({ length: 12 }, (_, index) => inventoryVm(`vm-${index + 1}`)) } }))
    pair = playPair(agents, () => quirks)
  })
  beforeEach(() => {
    quirks = {}
  })
  afterAll(async () => {
    await pair.stop()
    agents.source.close()
    agents.target.close()
    await world.close()
  })

  const read = (id: string) => world.owner.migration.findUniqueOrThrow({ where: { id }, include: { returns: { orderBy: { askedAt: 'asc' } }, attempts: true, evidenceRecords: { orderBy: { edition: 'asc' } }, billingEntries: true } })
  const packs = async (id: string) => (await read(id)).evidenceRecords.map(({ facts }) => evidenceFacts.parse(facts))
  const is = (id: string, status: string) => eventually(async () => (await read(id)).status === status, undefined, () => pair.stages.slice(-12))
  const accept = (id: string) => inScope(world.web, APPROVER, (tx) => askToAccept(tx, id, new Date()))
  const goHome = (id: string, confirmedName: string | null = null) => inScope(world.web, OPERATOR, (tx) => returnVm(tx, { migrationId: id, reason: 'mail does not arrive', confirmedName }, world.signer, new Date()))
  const timeIsUp = async (id: string) => {
    await world.owner.migration.update({ where: { id }, data: { validationEndsAt: new Date(Date.now() - 1_000) } })
    await wake(world.queues, 'drive-migration', { migrationId: id })
  }

  /** A VM that runs at the target, in its validation period. */
  async function validating(agreed: { validationDefault?: 'ACCEPT' | 'ROLL_BACK'; keepWayBack?: boolean } = {}) {
    count += 1
    const name = `vm-${count}`
    const { waveId, migrationIds: [id = ''] } = await startedWave(world, [name])
    await world.owner.wave.update({ where: { id: waveId }, data: { validationMinutes: 60, ...agreed } })
    await is(id, 'READY_FOR_CUTOVER')
    // The demo's site takes one wave at a time; each of these gets the whole of it.
    await world.owner.booking.updateMany({ where: { status: 'IN_PROGRESS' }, data: { status: 'DONE' } })
    const bookingId = await openWindow(world, waveId)
    await eventually(async () => (await read(id)).validationEndsAt, undefined, () => pair.stages.slice(-12))
    return { id, name, waveId, bookingId }
  }

  it('a VM is looked at before it is accepted, and only then is it billed', async () => {
    const { id } = await validating()
    const before = await read(id)
    expect(before).toMatchObject({ status: 'VALIDATING', attempts: [{ status: 'COMMITTED' }], evidenceRecords: [], billingEntries: [] })
    expect(before.validationEndsAt?.getTime()).toBeGreaterThan(Date.now() + 50 * MINUTE_MS)
    await eventually(async () => (await read(id)).waitReason === 'VALIDATING')
    await accept(id)
    await accept(id)
    await wake(world.queues, 'drive-migration', { migrationId: id })
    await is(id, 'COMPLETED')
    await accept(id)
    const after = await read(id)
    expect(after.billingEntries.map(({ kind }) => kind).toSorted()).toEqual(['SOURCE_ENDED', 'TARGET_STARTED'])
    const attempt = { status: 'COMMITTED', guest: { acknowledgedAtSource: 42, foundAtTarget: 42, health: 'HEALTHY' }, downtime: { seconds: 1.5 } }
    expect(await packs(id)).toMatchObject([{ vms: [{ attempts: [attempt], ending: { kind: 'ACCEPTED', by: { name: 'Anna Keller' }, asAgreed: false } }] }])
    const said = await world.owner.auditEntry.findMany({ where: { subjectId: id, action: { in: ['migration.validating', 'migration.accept'] } }, orderBy: { id: 'asc' } })
    expect(said.map(({ action, actorName }) => [action, actorName])).toEqual([['migration.validating', expect.any(String)], ['migration.accept', 'Anna Keller']])
    await expect(goHome(id)).rejects.toThrow(DomainError)
  })

  it('accepts by itself at the end, where that was agreed on, whatever the queue has lost', async () => {
    const { id } = await validating()
    // No wake-up: the sweep finds it.
    await world.owner.migration.update({ where: { id }, data: { validationEndsAt: new Date(Date.now() - 1_000) } })
    await is(id, 'COMPLETED')
  })

  it('goes back by itself at the end, where that was agreed on, with what was written since, on the order signed with the go', async () => {
    const { id, bookingId } = await validating({ validationDefault: 'ROLL_BACK', keepWayBack: true })
    await eventually(async () => pair.stages.at(-1)?.includes('REVERSE') === true)
    const [order] = await world.owner.signedOrder.findMany({ where: { migrationId: id, kind: 'RETURN' } })
    expect(order).toMatchObject({ bookingId })
    const from = pair.stages.length
    await timeIsUp(id)
    await eventually(async () => (await read(id)).returns[0]?.status === 'RETURNED', undefined, () => pair.stages.slice(from))
    await is(id, 'READY_FOR_CUTOVER')
    const { returns, wayBackSince, validationEndsAt } = await read(id)
    expect(returns).toMatchObject([{ wayBack: true, byDefault: true, orderId: order?.id, sourceHashes: returns[0]?.targetHashes }])
    expect([wayBackSince, validationEndsAt]).toEqual([null, null])
    expect(await packs(id)).toMatchObject([{ vms: [{ returns: [{ status: 'RETURNED', wayBack: true, disks: [{ equal: true }] }], ending: { kind: 'RETURNED', by: null, asAgreed: true } }] }])
    // The source was powered on only after the target had given the VM up.
    const stages = pair.stages.slice(from)
    expect(stages.indexOf('target HAND_BACK 1')).toBeLessThan(stages.indexOf('source TAKE_BACK 1'))
    expect(stages.indexOf('source TAKE_BACK 1')).toBeLessThan(stages.indexOf('target KEEP 1'))
    expect(stages.indexOf('target KEEP 1')).toBeLessThan(stages.indexOf('source RETURN 1'))
    // It may be moved again, when somebody asks for it.
    await eventually(async () => (await read(id)).waitReason === 'CUTOVER_FAILED')
  })

  it('without a way back a person must name the VM whose writes are lost; its source is powered on after the target gave it up', async () => {
    const { id, name } = await validating()
    await expect(goHome(id)).rejects.toMatchObject({ code: 'NAME_NOT_CONFIRMED' })
    const from = pair.stages.length
    await goHome(id, name)
    await expect(accept(id)).rejects.toMatchObject({ code: 'VALIDATION_DECIDED' })
    await expect(goHome(id, name)).rejects.toMatchObject({ code: 'VALIDATION_DECIDED' })
    await eventually(async () => (await read(id)).returns[0]?.status === 'RETURNED', undefined, () => pair.stages.slice(from))
    const stages = pair.stages.slice(from)
    expect(stages).not.toContain('target HAND_BACK 1')
    expect(stages.indexOf('target KEEP 1')).toBeLessThan(stages.indexOf('source RETURN 1'))
    const [back] = (await read(id)).returns
    expect(back).toMatchObject({ wayBack: false, byDefault: false, askedByName: 'Olivia Berger', reason: 'mail does not arrive' })
    expect(await packs(id)).toMatchObject([{ vms: [{ ending: { kind: 'RETURNED', by: { name: 'Olivia Berger' }, asAgreed: false, reason: 'mail does not arrive' } }] }])
  })

  it.each<[string, Quirks, string]>([
    ['a guest that does not shut down', { refuseHandBack: true }, 'SHUTDOWN_REFUSED'],
    ['disks that differ', { corruptReturn: true }, 'DISKS_DIFFER'],
  ])('%s: the VM runs on at the target, and nothing happens to it by itself any more', async (_what, bad, code) => {
    const { id } = await validating({ validationDefault: 'ROLL_BACK', keepWayBack: true })
    await eventually(async () => pair.stages.at(-1)?.includes('REVERSE') === true)
    await eventually(async () => JSON.stringify((await read(id)).targetObserved).includes('"connected":true,"leftBytes"'))
    quirks = bad
    await goHome(id)
    await wake(world.queues, 'drive-migration', { migrationId: id })
    await eventually(async () => (await read(id)).returns[0]?.status === 'CALLED_OFF')
    expect((await read(id)).returns).toMatchObject([{ failureCode: code }])
    quirks = {}
    await timeIsUp(id)
    await eventually(async () => (await read(id)).waitReason === 'VALIDATION_OVERDUE')
    expect(pair.stages.at(-1)).toContain('REVERSE')
    expect((await read(id)).returns).toHaveLength(1)
    // A person tries again, and it works.
    await goHome(id)
    await eventually(async () => (await read(id)).returns[1]?.status === 'RETURNED')
  })

  it('of two who decide at once one is heard', async () => {
    const { id, name } = await validating()
    const results = await Promise.allSettled([accept(id), goHome(id, name)])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await wake(world.queues, 'drive-migration', { migrationId: id })
    const accepted = results[0]?.status === 'fulfilled'
    await eventually(async () => (accepted ? (await read(id)).status === 'COMPLETED' : (await read(id)).returns[0]?.status === 'RETURNED'))
    const { returns, billingEntries } = await read(id)
    expect([returns.length, billingEntries.length > 0]).toEqual(accepted ? [0, true] : [1, false])
  })

  it('two coordinators take each step once', async () => {
    const { id, name } = await validating()
    const other = await world.another()
    await goHome(id, name)
    for (let wakes = 0; wakes < 5; wakes += 1) await wake(world.queues, 'drive-migration', { migrationId: id }, { lane: `lane-${wakes}` })
    await is(id, 'READY_FOR_CUTOVER')
    const steps = await world.owner.auditEntry.findMany({ where: { subjectId: id, action: { in: ['return.begin', 'return.status', 'migration.returned'] } }, orderBy: { id: 'asc' } })
    expect(steps.map(({ after, action }) => (action === 'migration.returned' ? action : after))).toEqual(['REMOVING_SHADOW', 'STARTING_SOURCE', 'RETURNED', 'migration.returned'])
    await other.close()
  })
})
