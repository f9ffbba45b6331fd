import { cancelMigration, cancelWave, decideGoNoGo, inScope } from '@driftless/db'
import type { Scope } from '@driftless/db'
import { wake } from '@driftless/jobs'
import { readOrder } from '@driftless/orders'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { observeSource, observeTarget, playPair } from '../testing/fake-pair.ts'
import { APPROVER, OPERATOR, eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

describe('signed orders', { timeout: 60_000 }, () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  let pair: ReturnType<typeof playPair> | null = null
  let number = 0

  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
  })
  afterEach(async () => {
    await pair?.stop()
    pair = null
    for (const wave of await world.owner.wave.findMany()) await inScope(world.web, OPERATOR, (tx) => cancelWave(tx, wave.id, world.signer))
    await world.owner.booking.updateMany({ data: { status: 'EXPIRED' } })
  })
  afterAll(async () => {
    agents.source.close()
    agents.target.close()
    await world.close()
  })

  async function readyWave() {
    const ref = `vm-${(number += 1)}`
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm(ref)] } }))
    const { waveId, migrationIds: [id = ''] } = await startedWave(world, [ref])
    pair = playPair(agents)
    await eventually(async () => (await migration(id)).status === 'READY_FOR_CUTOVER')
    return { waveId, id, ref }
  }
  const migration = (id: string) => world.owner.migration.findUniqueOrThrow({ where: { id }, include: { attempts: { orderBy: { number: 'asc' } } } })
  const waits = (id: string, reason: string, detail: RegExp | null) => eventually(async () => {
    const { waitReason, waitDetail } = await migration(id)
    return waitReason === reason && (detail === null ? waitDetail === null : detail.test(waitDetail ?? ''))
  }, undefined, () => migration(id))
  const desiredOf = async (agent: FakeAgent, id: string) => {
    const { sources, targets, orderPublicKey } = await agent.calls.desired({ haveVersion: null, waitSeconds: 0 })
    const told = [...sources, ...targets].find(({ migrationId }) => migrationId === id)
    return { orderPublicKey, stage: told?.stage ?? null, order: told?.order ?? null }
  }
  const entries = (action: string, id: string) => world.owner.auditEntry.findMany({ where: { action, subjectId: id } })
  /** Stops the pair that does all it is told, so that a stage stays. */
  const still = async () => {
    await pair?.stop()
    pair = null
  }

  it('tells agents from their first call on whose orders count', async () => {
    expect(agents.source.answer.orderPublicKey).toBe(world.orderPublicKey)
    expect((await desiredOf(agents.target, '')).orderPublicKey).toBe(world.orderPublicKey)
  })

  it('carries the go, as it was signed, to both agents and into the audit log', async () => {
    const { waveId, id, ref } = await readyWave()
    await still()
    const bookingId = await openWindow(world, waveId)
    await eventually(async () => (await migration(id)).attempts[0]?.status === 'SOURCE_QUIESCING')
    const { order } = await desiredOf(agents.source, id)
    if (!order) throw new Error('The source was given no order.')
    const read = readOrder(order, world.orderPublicKey)
    expect(read).toMatchObject({ order: {
      kind: 'CUTOVER', migrationId: id, approval: { waveId, bookingId, decidedBy: { id: 'user-anna', name: 'Anna Keller' } },
      plan: { sourceAgentId: agents.source.id, targetAgentId: agents.target.id, vmRef: ref, network: 'web-prod', disks: [{ key: 'disk0', sizeBytes: 1_048_576 }] },
    } })
    expect(await entries('order.sign', id)).toEqual([expect.objectContaining({ after: 'CUTOVER', actorId: 'user-anna', tenantId: 'alpine' })])
    // No other stage has any use for it.
    expect((await desiredOf(agents.target, id)).order).toBeNull()
    pair = playPair(agents)
    await eventually(async () => (await migration(id)).status === 'COMPLETED')
    expect(await desiredOf(agents.source, id)).toMatchObject({ stage: 'RELEASE', order: null })
  })

  it.each<[string, RegExp, (id: string) => Promise<unknown>]>([
    ['a plan that was changed', /plan changed after the go.*Say go again|say go again/i, (id) => world.owner.migration.update({ where: { id }, data: { cpus: 8 } })],
    ['an order that somebody has replaced', /not signed by the portal/, (id) => world.owner.signedOrder.updateMany({ where: { migrationId: id }, data: { signature: 'AAAA' } })],
    ['an order that somebody has removed', /no signed order/, (id) => world.owner.signedOrder.deleteMany({ where: { migrationId: id } })],
  ])('stops nothing for %s, says so, and goes on once go is said again', async (_, words, change) => {
    const { waveId, id } = await readyWave()
    await world.owner.wave.update({ where: { id: waveId }, data: { cutoverMode: 'MANUAL' } })
    const bookingId = await openWindow(world, waveId)
    await waits(id, 'REQUEST_CUTOVER', null)
    await change(id)
    await world.owner.migration.update({ where: { id }, data: { cutoverRequestedAt: new Date() } })
    await wake(world.queues, 'drive-migration', { migrationId: id })
    await waits(id, 'GO_NO_GO', words)
    expect(pair?.stages.filter((stage) => stage.startsWith('source FINAL'))).toEqual([])
    await inScope(world.web, APPROVER, (tx) => decideGoNoGo(tx, { waveId, bookingId, decision: 'GO', reason: null }, world.signer))
    await wake(world.queues, 'drive-migration', { migrationId: id })
    await eventually(async () => (await migration(id)).status === 'COMPLETED')
  })

  it('stops nothing before as many have said go as the policy needs, says how many are missing, and goes on by the last one', async () => {
    const owned = { providerId: 'northwind', tenantId: 'alpine' }
    await world.owner.user.create({ data: { id: 'user-ben', ...owned, email: 'ben@alpine.example', name: 'Ben Novak', role: 'CUSTOMER_APPROVER' } })
    await world.owner.approvalPolicy.create({ data: { ...owned, roles: ['CUSTOMER_APPROVER'], personIds: [], needed: 2, ownRequest: false, waitMinutes: 0, expiresHours: null, testsNeedGo: false } })
    const { waveId, id } = await readyWave()
    const bookingId = await openWindow(world, waveId)
    await waits(id, 'GO_NO_GO', /^1 of 2 goes are missing\.$/)
    expect(pair?.stages.filter((stage) => stage.startsWith('source FINAL'))).toEqual([])
    const ben: Scope = { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: 'user-ben', name: 'Ben Novak' } }
    await inScope(world.web, ben, (tx) => decideGoNoGo(tx, { waveId, bookingId, decision: 'GO', reason: null }, world.signer))
    await wake(world.queues, 'drive-migration', { migrationId: id })
    await eventually(async () => (await migration(id)).status === 'COMPLETED')
    // Until the wait time is over it waits in the same way, and says until when.
    await world.owner.approvalPolicy.update({ where: { tenantId: 'alpine' }, data: { needed: 1, waitMinutes: 60 } })
    const second = await readyWave()
    await openWindow(world, second.waveId)
    await waits(second.id, 'GO_NO_GO', /wait time is over at \d{4}-\d\d-\d\d \d\d:\d\d UTC/)
    await still()
    await inScope(world.web, OPERATOR, (tx) => cancelWave(tx, second.waveId, world.signer))
    await world.owner.approvalPolicy.delete({ where: { tenantId: 'alpine' } })
  })

  it('undoes an attempt that the source refuses, and has the refusal in the audit log once', async () => {
    const { waveId, id } = await readyWave()
    await still()
    await openWindow(world, waveId)
    await eventually(async () => (await migration(id)).attempts[0]?.status === 'SOURCE_QUIESCING')
    const told = (await agents.source.calls.desired({ haveVersion: null, waitSeconds: 0 })).sources.find(({ migrationId }) => migrationId === id)
    if (!told) throw new Error('The source was told nothing.')
    const refusing = { ...observeSource({ ...told, stage: 'REPLICATE' }), stage: 'FINAL', problem: { code: 'ORDER_REFUSED', message: 'VM "vm" is not powered off: the order is for another migration.' } }
    for (let again = 0; again < 3; again += 1) await agents.source.calls.report(reportOf({ sources: [refusing] }))
    const { attempts: [attempt] } = await eventually(async () => {
      const seen = await migration(id)
      return seen.attempts[0]?.status === 'ROLLED_BACK' && seen
    })
    expect(attempt).toMatchObject({ failureCode: 'ORDER_REFUSED', failureMessage: refusing.problem.message, shadowGoneAt: expect.any(Date) })
    expect(await entries('order.refused', id)).toEqual([expect.objectContaining({ actorKind: 'AGENT', actorId: agents.source.id, after: refusing.problem.message, detail: expect.objectContaining({ stage: 'FINAL' }) })])
  })

  it('has a refusal of a migration that is over in the audit log too', async () => {
    const { waveId, id } = await readyWave()
    await openWindow(world, waveId)
    await eventually(async () => (await migration(id)).status === 'COMPLETED')
    await still()
    const told = (await agents.target.calls.desired({ haveVersion: null, waitSeconds: 0 })).targets.find(({ migrationId }) => migrationId === id)
    if (!told) throw new Error('The target was told nothing.')
    const problem = { code: 'ORDER_REFUSED', message: '"vm" runs on: it was accepted.' }
    await agents.target.calls.report(reportOf({ targets: [{ ...observeTarget(told), stage: 'CONVERGING', problem }] }))
    expect(await entries('order.refused', told.migrationId)).toEqual([expect.objectContaining({ actorId: agents.target.id, after: problem.message })])
  })

  it('carries a person’s word that a migration is given up to both agents', async () => {
    const { id } = await readyWave()
    await still()
    await inScope(world.web, OPERATOR, (tx) => cancelMigration(tx, id, world.signer))
    for (const agent of [agents.source, agents.target]) {
      const { order, stage } = await desiredOf(agent, id)
      if (!order) throw new Error(`The agent was given no order for ${String(stage)}.`)
      expect(readOrder(order, world.orderPublicKey)).toMatchObject({ order: { kind: 'DISCARD', migrationId: id, targetAgentId: agents.target.id, decidedBy: { id: 'user-olivia' } } })
    }
    expect(await entries('order.sign', id)).toEqual([expect.objectContaining({ after: 'DISCARD', actorId: 'user-olivia' })])
  })

  it('is never changed by the portal', async () => {
    const change = (query: string) => inScope(world.web, OPERATOR, (tx) => tx.db.$executeRawUnsafe(query))
    for (const query of ['UPDATE signed_order SET signature = signature', 'DELETE FROM signed_order']) await expect(change(query)).rejects.toThrow(/permission denied/)
  })
})
