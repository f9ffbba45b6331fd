import { inScope } from '@driftless/db'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addWave, openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'
import type { Person } from '@/server/person.ts'

const HOUR_MS = 3_600_000
const ben: Person = { ...PEOPLE.anna, userId: 'user-ben', name: 'Ben Novak', email: 'ben@alpine.example' }
const POLICY = { roles: ['CUSTOMER_APPROVER' as const], personIds: [] as string[], needed: 1, ownRequest: false, waitMinutes: 0, expiresHours: null as number | null, testsNeedGo: false }

describe('go, no-go and the plan they are about', () => {
  let portal: Portal
  let waveId: string
  let bookingId: string

  beforeAll(async () => {
    portal = await openPortal()
    await portal.owner.user.create({ data: { id: ben.userId, providerId: ben.providerId, tenantId: ben.tenantId, email: ben.email, name: ben.name, role: 'CUSTOMER_APPROVER' } })
  })
  afterAll(() => portal.close())

  // A wave of two VMs whose agents are chosen, with an approved window: what a person finds who is to say go.
  beforeEach(async () => {
    // Not TRUNCATE: by its CASCADE it would empty the ledger too, which nobody may.
    await portal.owner.signedOrder.deleteMany()
    await portal.owner.goNoGo.deleteMany()
    await portal.owner.replication.deleteMany()
    await portal.owner.cutoverAttempt.deleteMany()
    await portal.owner.booking.deleteMany()
    await portal.owner.migration.deleteMany()
    await portal.owner.wave.deleteMany()
    await portal.owner.approvalPolicy.deleteMany()
    waveId = await addWave(portal.owner, 'web')
    const orders = await portal.owner.migration.findFirstOrThrow({ where: { waveId: await addWave(portal.owner, 'orders') } })
    await portal.owner.migration.update({ where: { id: orders.id }, data: { waveId, position: 1 } })
    await portal.owner.migration.updateMany({ data: { sourceAgentId: 'source', targetAgentId: 'target' } })
    const startsAt = new Date(Date.now() + HOUR_MS)
    bookingId = await portal.as(PEOPLE.olivia).windows.book({ waveId, startsAt, endsAt: new Date(startsAt.getTime() + 4 * HOUR_MS), note: '' })
    await portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: true, reason: '' })
  })

  const read = (person: Person = PEOPLE.anna) => portal.as(person).wave.approvals({ waveId })
  const go = async (person: Person, planHash?: string) => portal.as(person).wave.decideGoNoGo({ waveId, bookingId, decision: 'GO', reason: null, planHash: planHash ?? (await read()).planHash })
  const noGo = (person: Person) => portal.as(person).wave.decideGoNoGo({ waveId, bookingId, decision: 'NO_GO', reason: 'Backups have failed.' })
  const policy = (part: Partial<typeof POLICY>) => portal.as(PEOPLE.ada).approvals.setPolicy({ tenantId: 'alpine', policy: { ...POLICY, ...part } })
  const orders = () => portal.owner.signedOrder.findMany({ where: { kind: 'CUTOVER' }, orderBy: { createdAt: 'asc' } })
  const changed = async (edit: (plan: Awaited<ReturnType<typeof read>>['plan']) => Partial<Parameters<ReturnType<Portal['as']>['wave']['changePlan']>[0]>) => {
    const { plan, planHash } = await read()
    const { mode, window: _, vms, ...agreement } = plan
    return portal.as(PEOPLE.olivia).wave.changePlan({
      ...agreement, waveId, planHash, cutoverMode: mode,
      vms: vms.map(({ migrationId, network, storage, cpus, memoryBytes, dependsOnIds, apartGroup, cutoverAt }) => ({ migrationId, network, storage, cpus, memoryBytes, dependsOnIds, apartGroup, cutoverAt: cutoverAt === null ? null : new Date(cutoverAt) })),
      ...edit(plan),
    })
  }

  it('is signed for every VM once the last needed go is said, and not before', async () => {
    await policy({ needed: 2 })
    await go(PEOPLE.anna)
    await go(PEOPLE.anna)
    expect(await orders()).toEqual([])
    expect((await read()).judgement).toMatchObject({ verdict: 'WAITING', missing: 1 })
    await go(ben)
    expect((await read()).judgement).toMatchObject({ verdict: 'GO', missing: 0 })
    expect(await orders()).toHaveLength(2)
  })

  it('has one effect when two say it at the same moment, however often', async () => {
    await policy({ needed: 2 })
    const { planHash } = await read()
    await Promise.all([go(PEOPLE.anna, planHash), go(ben, planHash)])
    expect((await orders()).map(({ migrationId }) => migrationId).toSorted()).toEqual((await portal.owner.migration.findMany({ where: { waveId } })).map(({ id }) => id).toSorted())
    const signing = await portal.owner.auditEntry.count({ where: { action: 'order.sign', subjectId: { in: (await orders()).map(({ migrationId }) => migrationId) } } })
    expect(signing).toBe(2)
  })

  it('is one effect too when one go is enough and two are said at the same moment', async () => {
    const { planHash } = await read()
    await Promise.all([go(PEOPLE.anna, planHash), go(ben, planHash)])
    expect(await orders()).toHaveLength(2)
  })

  it('can still be read when the wave is over, and not while it is under way without a window', async () => {
    await go(PEOPLE.anna)
    await portal.owner.booking.update({ where: { id: bookingId }, data: { status: 'DONE' } })
    expect(await read()).toMatchObject({ booking: null, words: [] })
    await portal.owner.migration.updateMany({ where: { waveId }, data: { status: 'COMPLETED' } })
    expect(await read()).toMatchObject({ booking: null, judgement: null, words: [{ decision: 'GO', byName: 'Anna Keller', mine: true, standing: null }] })
  })

  it('is refused for a plan that is no longer the one that was shown', async () => {
    const { planHash } = await read()
    await changed((plan) => ({ shutdownSeconds: plan.shutdownSeconds + 60 }))
    expect(await refusal(go(PEOPLE.anna, planHash))).toBe('PLAN_CHANGED')
    expect(await portal.owner.goNoGo.count()).toBe(0)
    expect(await orders()).toEqual([])
  })

  it('is void once the plan changes, shows what changed, and counts again when it changes back', async () => {
    await go(PEOPLE.anna)
    await changed((plan) => ({ vms: plan.vms.map((vm) => ({ ...vm, cpus: vm.name === 'web' ? 8 : vm.cpus, cutoverAt: null })) }))
    const after = await read()
    expect(after.judgement).toMatchObject({ verdict: 'WAITING', missing: 1 })
    expect(after.words).toMatchObject([{ byName: 'Anna Keller', standing: 'VOID', voided: 'PLAN_CHANGED', changes: [{ vm: 'web', field: 'cpus', before: 2, after: 8 }] }])
    await changed((plan) => ({ vms: plan.vms.map((vm) => ({ ...vm, cpus: 2, cutoverAt: null })) }))
    expect((await read()).judgement).toMatchObject({ verdict: 'GO' })
  })

  it('is void when the window moves: another time is another plan', async () => {
    await go(PEOPLE.anna)
    await portal.owner.booking.update({ where: { id: bookingId }, data: { endsAt: new Date(Date.now() + 9 * HOUR_MS) } })
    expect((await read()).words).toMatchObject([{ standing: 'VOID', changes: [{ vm: null, field: 'endsAt' }] }])
  })

  it('stays as it was when one VM is given up', async () => {
    await go(PEOPLE.anna)
    const { plan } = await read()
    await portal.as(PEOPLE.olivia).wave.cancelMigration({ migrationId: plan.vms[0]?.migrationId ?? '' })
    expect((await read()).judgement).toMatchObject({ verdict: 'GO' })
  })

  it('stops by a no-go until its author, or enough others after it, say go', async () => {
    await go(PEOPLE.anna)
    await noGo(ben)
    expect((await read()).judgement).toMatchObject({ verdict: 'NO_GO' })
    await go(PEOPLE.anna)
    expect((await read()).judgement).toMatchObject({ verdict: 'GO' })
  })

  it('belongs to those whom the policy names', async () => {
    expect(await refusal(go(PEOPLE.olivia))).toBe('NOT_AN_APPROVER')
    expect(await refusal(go(PEOPLE.viewer))).toBe('NOT_AN_APPROVER')
    expect(await refusal(portal.as(PEOPLE.samir).wave.decideGoNoGo({ waveId, bookingId, decision: 'NO_GO', reason: 'no' }))).toBe('FORBIDDEN')
    expect(await refusal(go(PEOPLE.henry))).toBe('BOOKING_UNKNOWN')
    await policy({ roles: [], personIds: [ben.userId] })
    expect(await refusal(go(PEOPLE.anna))).toBe('NOT_AN_APPROVER')
    expect((await read()).mayStill).toEqual([{ id: ben.userId, name: 'Ben Novak' }])
    await go(ben)
    expect((await read(ben)).judgement).toMatchObject({ verdict: 'GO' })
    // Who loses it takes their word along.
    await policy({})
    await portal.owner.user.update({ where: { id: ben.userId }, data: { deactivatedAt: new Date() } })
    expect((await read()).words).toMatchObject([{ standing: 'VOID', voided: 'NOT_APPROVER' }])
    await portal.owner.user.update({ where: { id: ben.userId }, data: { deactivatedAt: null } })
  })

  it('is not for whoever asked for the window, unless the policy says so', async () => {
    await policy({ roles: [], personIds: [PEOPLE.olivia.userId] })
    expect(await refusal(go(PEOPLE.olivia))).toBe('OWN_REQUEST')
    expect((await read(PEOPLE.olivia)).viewer).toBe('OWN_REQUEST')
    await policy({ roles: [], personIds: [PEOPLE.olivia.userId], ownRequest: true })
    await go(PEOPLE.olivia)
    expect((await read(PEOPLE.olivia)).judgement).toMatchObject({ verdict: 'GO' })
  })

  it('waits as long as the policy says, and signs nothing that begins sooner or later than it', async () => {
    await policy({ waitMinutes: 120, expiresHours: 3 })
    await go(PEOPLE.anna)
    const { judgement, words } = await read()
    const saidAt = words[0]?.at.getTime() ?? 0
    expect(judgement).toMatchObject({ verdict: 'WAITING', missing: 0, countsFromMs: saidAt + 2 * HOUR_MS })
    for (const { payload } of await orders())
      expect(JSON.parse(payload)).toMatchObject({ version: 1, startBefore: new Date(saidAt + 3 * HOUR_MS).toISOString(), approval: { window: { startsAt: new Date(saidAt + 2 * HOUR_MS).toISOString() } } })
    expect(await orders()).toHaveLength(2)
  })

  it('is signed anew when another go makes it hold longer: agents lock out when what they have been shown expires', async () => {
    await policy({ expiresHours: 1 })
    await go(PEOPLE.anna)
    // Anna's word is 50 minutes old when Ben says his.
    await portal.owner.goNoGo.updateMany({ data: { decidedAt: new Date(Date.now() - 50 * 60_000) } })
    await go(ben)
    const { judgement, words } = await read()
    const bens = words.find(({ byName }) => byName === 'Ben Novak')?.at.getTime() ?? 0
    expect(judgement).toMatchObject({ verdict: 'GO', expiresAtMs: bens + HOUR_MS })
    const newest = new Map((await orders()).map(({ migrationId, payload }) => [migrationId, payload]))
    expect(newest.size).toBe(2)
    for (const payload of newest.values()) expect(JSON.parse(payload)).toMatchObject({ startBefore: new Date(bens + HOUR_MS).toISOString() })
  })

  it('carries the word that a guest may be powered off only where the plan said so', async () => {
    await changed(() => ({ shutdownRefusal: 'POWER_OFF' }))
    await go(PEOPLE.anna)
    for (const { payload } of await orders()) expect(JSON.parse(payload)).toMatchObject({ version: 2, onRefusedShutdown: 'POWER_OFF', powerOffAfterSeconds: 120 })
    expect(await orders()).toHaveLength(2)
  })

  it('signs no cutover for a booked test, which needs a go only where the policy says so', async () => {
    await portal.owner.booking.update({ where: { id: bookingId }, data: { kind: 'TEST' } })
    expect((await read()).judgement).toMatchObject({ verdict: 'GO', needed: 0 })
    await policy({ testsNeedGo: true })
    expect((await read()).judgement).toMatchObject({ verdict: 'WAITING', missing: 1 })
    await go(PEOPLE.anna)
    expect((await read()).judgement).toMatchObject({ verdict: 'GO', needed: 1 })
    expect(await orders()).toEqual([])
  })

  it('can be said to a test that is booked beside the cutover, each for its own window', async () => {
    await policy({ testsNeedGo: true })
    const { id: _id, ...row } = await portal.owner.booking.findUniqueOrThrow({ where: { id: bookingId } })
    const test = await portal.owner.booking.create({ data: { ...row, kind: 'TEST', startsAt: new Date(row.startsAt.getTime() + 24 * HOUR_MS), lockoutAt: new Date(row.lockoutAt.getTime() + 24 * HOUR_MS), endsAt: new Date(row.endsAt.getTime() + 24 * HOUR_MS) } })
    const of = (kind: 'CUTOVER' | 'TEST' | 'ANY') => portal.as(PEOPLE.anna).wave.approvals({ waveId, kind })
    expect((await of('ANY')).booking).toMatchObject({ id: bookingId })
    expect(await of('TEST')).toMatchObject({ booking: { id: test.id, kind: 'TEST' }, judgement: { verdict: 'WAITING', missing: 1 }, viewer: 'MAY', plan: { window: { bookingId: test.id } } })
    expect((await portal.as(PEOPLE.anna).wave.read({ waveId })).bookedTest).toMatchObject({ id: test.id, status: 'APPROVED' })
    await portal.as(PEOPLE.anna).wave.decideGoNoGo({ waveId, bookingId: test.id, decision: 'GO', reason: null, planHash: (await of('TEST')).planHash })
    expect((await of('TEST')).judgement).toMatchObject({ verdict: 'GO' })
    expect((await of('CUTOVER')).judgement).toMatchObject({ verdict: 'WAITING', missing: 1 })
    expect(await orders()).toEqual([])
  })

  it('changes a plan once, with an entry that a person can read, and wakes its VMs', async () => {
    portal.woken.length = 0
    const [first, second] = (await read()).plan.vms.map(({ migrationId }) => migrationId)
    const edit = { validationMinutes: 240, validationDefault: 'ROLL_BACK' as const, parallelCutovers: 2 }
    expect(await changed((plan) => ({ ...edit, vms: plan.vms.toReversed().map((vm) => ({ ...vm, cutoverAt: null, dependsOnIds: vm.migrationId === first ? [second ?? ''] : [], apartGroup: 'domain controllers' })) }))).toEqual({ changed: true })
    expect((await read()).plan).toMatchObject({ ...edit, vms: [{ migrationId: second, apartGroup: 'domain controllers', dependsOnIds: [] }, { migrationId: first, dependsOnIds: [second] }] })
    expect(portal.woken).toHaveLength(2)
    expect(await changed(() => edit)).toEqual({ changed: false })
    const entries = await portal.owner.auditEntry.findMany({ where: { action: 'wave.change-plan', subjectId: waveId } })
    expect(entries).toMatchObject([{ actorName: 'Olivia Berger', before: expect.stringMatching(/validationMinutes: 0; .*order: web, orders/), after: expect.stringMatching(/validationMinutes: 240; .*order: orders, web; .*web dependsOn: orders/) }])
  })

  it('writes no plan over one that somebody has changed meanwhile', async () => {
    const { planHash } = await read()
    await changed(() => ({ shutdownSeconds: 300 }))
    expect(await refusal(changed(() => ({ shutdownSeconds: 400, planHash })))).toBe('PLAN_CHANGED')
  })

  it.each<[string, string, (plan: Awaited<ReturnType<typeof read>>['plan']) => object]>([
    ['a ring', 'DEPENDENCY_CYCLE', (plan) => ({ vms: plan.vms.map((vm) => ({ ...vm, cutoverAt: null, dependsOnIds: plan.vms.map(({ migrationId }) => migrationId) })) })],
    ['a network that is not offered', 'NETWORK_UNKNOWN', (plan) => ({ vms: plan.vms.map((vm) => ({ ...vm, cutoverAt: null, network: 'nowhere' })) })],
    ['a moment outside the window', 'MOMENT_OUTSIDE_WINDOW', (plan) => ({ cutoverMode: 'SCHEDULED', vms: plan.vms.map((vm) => ({ ...vm, cutoverAt: new Date() })) })],
    ['a VM left out', 'VMS_MISSING', (plan) => ({ vms: plan.vms.slice(1).map((vm) => ({ ...vm, cutoverAt: null })) })],
    ['a way back that no hypervisor offers', 'WAY_BACK_NOT_OFFERED', () => ({ keepWayBack: true })],
  ])('refuses %s, and changes nothing', async (_, code, edit) => {
    const before = await read()
    expect(await refusal(changed(edit))).toBe(code)
    expect((await read()).planHash).toBe(before.planHash)
  })

  it('holds a VM to what was agreed once its cutover is past its go, and the wave’s settings with it', async () => {
    const [first, second] = (await read()).plan.vms
    await portal.owner.migration.update({ where: { id: first?.migrationId ?? '' }, data: { status: 'CUTTING_OVER', attempts: { create: [{ providerId: 'northwind', tenantId: 'alpine', bookingId, number: 1, status: 'SOURCE_QUIESCING', reachedAt: {} }] } } })
    const cpus = (id: string | undefined) => (plan: Awaited<ReturnType<typeof read>>['plan']) => ({ vms: plan.vms.map((vm) => ({ ...vm, cutoverAt: null, cpus: vm.migrationId === id ? 6 : vm.cpus })) })
    expect(await refusal(changed(cpus(first?.migrationId)))).toBe('PLAN_FROZEN')
    expect(await refusal(changed(() => ({ shutdownSeconds: 600 })))).toBe('PLAN_FROZEN')
    expect(await changed(cpus(second?.migrationId))).toEqual({ changed: true })
    await portal.owner.cutoverAttempt.updateMany({ data: { status: 'GO_NO_GO' } })
    expect(await changed(cpus(first?.migrationId))).toEqual({ changed: true })
  })

  it('keeps a customer’s own transaction from the rule, whatever SQL it runs', async () => {
    await policy({ needed: 2 })
    const { db } = await import('@/server/db.ts')
    const scope = { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: PEOPLE.olivia.userId, name: PEOPLE.olivia.name } } as const
    await expect(inScope(db(), scope, (tx) => tx.db.approvalPolicy.update({ where: { tenantId: 'alpine' }, data: { needed: 1 } }))).rejects.toThrow(/row-level security/)
    await expect(inScope(db(), scope, (tx) => tx.db.approvalPolicy.delete({ where: { tenantId: 'alpine' } }))).rejects.toThrow(/denied|permission/)
    expect((await read()).policy.needed).toBe(2)
  })

  it('lets nobody but the provider’s administrators set the rule, and writes it down', async () => {
    for (const person of [PEOPLE.olivia, PEOPLE.anna, PEOPLE.samir, PEOPLE.watcher]) expect(await refusal(portal.as(person).approvals.setPolicy({ tenantId: 'alpine', policy: POLICY }))).toBe('FORBIDDEN')
    expect(await refusal(policy({ needed: 5 }))).toBe('POLICY_WITHOUT_APPROVERS')
    expect(await refusal(policy({ personIds: [PEOPLE.henry.userId] }))).toBe('PERSON_UNKNOWN')
    await policy({ needed: 2, waitMinutes: 15, expiresHours: 12 })
    await policy({ needed: 2, waitMinutes: 15, expiresHours: 12 })
    const entries = await portal.owner.auditEntry.findMany({ where: { action: 'policy.approvals', after: { contains: '12 h' } } })
    expect(entries).toMatchObject([{ actorName: 'Ada Lindqvist', tenantId: 'alpine', before: expect.stringContaining('1 of: CUSTOMER_APPROVER'), after: expect.stringContaining('2 of: CUSTOMER_APPROVER; own request: no; wait: 15 min') }])
    expect(await portal.as(PEOPLE.anna).approvals.policies()).toMatchObject([{ tenantId: 'alpine', policy: { needed: 2 } }])
    expect((await portal.as(PEOPLE.henry).approvals.policies()).map(({ tenantId }) => tenantId)).toEqual(['harbour'])
  })
})
