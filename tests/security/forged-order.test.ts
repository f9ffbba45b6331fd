/** Whoever can write anything to the database stops, starts and destroys no VM: the agents ask for the portal's signature. */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openDb, orderPlanOf } from '@driftless/db'
import type { Db } from '@driftless/db'
import { signIn } from '@driftless/launch/play/portal.ts'
import type { Person } from '@driftless/launch/play/portal.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { orderSigner } from '@driftless/orders'
import type { SignedOrder } from '@driftless/orders'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DEMO_PASSWORD } from '../../prisma/seed/demo.ts'
import { startDriftless } from '../support/driftless.ts'
import { eventually } from '../support/eventually.ts'
import { labVms } from '../support/lab.ts'

const HOUR_MS = 3_600_000
const VM = 'app-01'
const OTHER = 'app-02'
const anything = z.unknown()

let driftless: RunningDriftless
let db: Db
let operator: Person
let approver: Person
let scheduler: Person
/** The wave and the migration of each VM. */
const planned = new Map<string, { waveId: string; migrationId: string }>()

const of = (vm: string) => planned.get(vm) ?? { waveId: '', migrationId: '' }
const labVm = async (side: 'source' | 'target', name: string) => (await labVms(driftless, side)).find((vm) => vm.name === name)
const statusOf = async (vm: string) => (await db.migration.findUniqueOrThrow({ where: { id: of(vm).migrationId } })).status
const is = (vm: string, status: string) => eventually(`${vm} is ${status}`, async () => (await statusOf(vm)) === status)

/** The guest runs and goes on writing, by its hypervisor's own word. */
async function writesOn(side: 'source' | 'target', name: string): Promise<void> {
  const before = await labVm(side, name)
  expect(before?.power, `${name} at the ${side}`).toBe('ON')
  await eventually(`${name} writes on at the ${side}`, async () => ((await labVm(side, name))?.acknowledgedSequence ?? 0) > (before?.acknowledgedSequence ?? 0))
}

async function planAndStart(name: string): Promise<void> {
  const inventory = await eventually('the guests are healthy', async () => {
    const vms = await operator.query('migrate.inventory', undefined, z.array(z.object({ id: z.string(), name: z.string(), siteId: z.string(), cpus: z.number(), memoryBytes: z.number(), health: z.string() })))
    return vms.length === 2 && vms.every((vm) => vm.health === 'HEALTHY') && vms
  })
  const vm = inventory.find((one) => one.name === name)
  const [destination] = await operator.query('migrate.destinations', undefined, z.array(z.object({ id: z.string(), defaultNetwork: z.string(), storages: z.array(z.string()) })))
  const { waveId } = await operator.mutate('migrate.planWave', {
    name, siteId: vm?.siteId, destinationId: destination?.id, cutoverMode: 'MANUAL', rateBytesPerSecond: null,
    vms: [{ vmId: vm?.id, network: destination?.defaultNetwork, storage: destination?.storages[0], cpus: vm?.cpus, memoryBytes: vm?.memoryBytes }],
  }, z.object({ waveId: z.string() }))
  await operator.mutate('wave.start', { waveId }, anything)
  const migration = await db.migration.findFirstOrThrow({ where: { waveId } })
  planned.set(name, { waveId, migrationId: migration.id })
}

/** Books a window that is open now, has it approved, and says go: as people do, through the portal. */
async function approvedWindow(vm: string): Promise<string> {
  const startsAt = new Date()
  const { waveId } = of(vm)
  const bookingId = await operator.mutate('windows.book', { waveId, startsAt, endsAt: new Date(startsAt.getTime() + HOUR_MS), note: 'Booked.' }, z.string())
  await scheduler.mutate('windows.decide', { bookingId, approve: true, reason: 'Approved.' }, anything)
  const { planHash } = await approver.query('wave.approvals', { waveId }, z.object({ planHash: z.string() }))
  await approver.mutate('wave.decideGoNoGo', { waveId, bookingId, decision: 'GO', reason: null, planHash }, anything)
  return bookingId
}

const ordersOf = (vm: string, kind: 'CUTOVER' | 'DISCARD') => db.signedOrder.findMany({ where: { migrationId: of(vm).migrationId, kind }, orderBy: { createdAt: 'desc' } })

/** What an order for this VM says when its plan is `changed` and its window begins at `startsAt`. */
async function orderFor(vm: string, privateKey: string, startsAt: Date, changed: { cpus?: number; vmRef?: string; disks?: { key: string; sizeBytes: number }[] } = {}): Promise<SignedOrder> {
  const migration = await db.migration.findUniqueOrThrow({ where: { id: of(vm).migrationId }, include: { vm: true, replications: true } })
  const plan = orderPlanOf(migration)
  if (plan === null) throw new Error('The migration was not started.')
  const endsAt = new Date(startsAt.getTime() + HOUR_MS)
  return orderSigner(privateKey).cutover({
    id: randomUUID(), migrationId: migration.id, plan: { ...plan, ...changed }, waveId: migration.waveId, bookingId: 'booking', decidedBy: { id: 'user-anna', name: 'Anna Keller' }, decidedAt: startsAt,
    window: { startsAt, lockoutAt: new Date(endsAt.getTime() - HOUR_MS / 4), endsAt }, expiresAt: new Date(endsAt.getTime() + HOUR_MS),
  })
}

const strangersKey = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
async function portalsKey(): Promise<string> {
  return z.object({ orders: z.object({ privateKey: z.string() }) }).parse(JSON.parse(await readFile(driftless.places.secrets, 'utf8'))).orders.privateKey
}

/** Everything that a row can say of an approved cutover that has begun, in one transaction. Answers the attempt's id. */
async function forgeCutover(vm: string, order: SignedOrder | null): Promise<string> {
  const migration = await db.migration.findUniqueOrThrow({ where: { id: of(vm).migrationId }, include: { wave: { include: { destination: true } }, attempts: true } })
  const { providerId, tenantId, waveId } = migration
  const owner = { providerId, tenantId }
  const now = new Date()
  const [bookingId, attemptId] = [randomUUID(), randomUUID()]
  await db.$transaction(async (tx) => {
    await tx.booking.updateMany({ where: { waveId, status: 'IN_PROGRESS' }, data: { status: 'WITHDRAWN' } })
    await tx.booking.create({ data: { id: bookingId, ...owner, waveId, targetSiteId: migration.wave.destination.targetSiteId, startsAt: now, endsAt: new Date(now.getTime() + HOUR_MS), lockoutAt: new Date(now.getTime() + HOUR_MS / 2), status: 'IN_PROGRESS', requestedById: 'user-olivia', decidedById: 'user-samir', decidedAt: now } })
    await tx.goNoGo.create({ data: { ...owner, waveId, bookingId, decision: 'GO', decidedById: 'user-anna' } })
    if (order) await tx.signedOrder.create({ data: { id: randomUUID(), ...owner, migrationId: migration.id, bookingId, kind: 'CUTOVER', ...order, keyId: 'forged' } })
    await tx.cutoverAttempt.create({ data: { id: attemptId, ...owner, migrationId: migration.id, bookingId, number: migration.attempts.length + 1, status: 'SOURCE_QUIESCING', statusChangedAt: now, reachedAt: {} } })
    await tx.migration.update({ where: { id: migration.id }, data: { status: 'CUTTING_OVER', statusChangedAt: now } })
  })
  return attemptId
}

const refusals = (vm: string) => db.auditEntry.findMany({ where: { action: 'order.refused', subjectId: of(vm).migrationId }, orderBy: { id: 'asc' } })
const saying = ({ detail, after }: { detail: unknown; after: string | null }) => ({ ...z.object({ agent: z.string() }).parse(detail), words: after ?? '' })

/** Waits until this agent has refused what it is told, since `before` entries, in words that match. */
async function refused(vm: string, agent: RegExp, words: RegExp, before: number): Promise<void> {
  const said = await eventually(`an agent refuses: ${String(words)}`, async () => (await refusals(vm)).slice(before).map(saying).find((one) => agent.test(one.agent)))
  expect(said.words).toMatch(words)
}

beforeAll(async () => {
  driftless = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json') })
  db = openDb(driftless.ownerUrl, 2)
  operator = await signIn(driftless.url, 'operator@alpine.example', DEMO_PASSWORD)
  approver = await signIn(driftless.url, 'approver@alpine.example', DEMO_PASSWORD)
  scheduler = await signIn(driftless.url, 'scheduler@northwind.example', DEMO_PASSWORD)
  for (const vm of [VM, OTHER]) await planAndStart(vm)
  for (const vm of [VM, OTHER]) await is(vm, 'READY_FOR_CUTOVER')
  await approvedWindow(OTHER)
  // Windows of one site do not overlap, and the forged ones come next.
  await db.booking.updateMany({ where: { waveId: of(OTHER).waveId }, data: { status: 'WITHDRAWN' } })
})
afterAll(async () => {
  await db?.$disconnect()
  await driftless?.stop()
})

describe('an attacker who can write everything to the database', () => {
  const minute = 60_000
  test.each<[string, RegExp, () => Promise<SignedOrder | null>]>([
    ['no order at all', /no signed order came with it/, () => Promise.resolve(null)],
    ['an order of their own making', /not signed by the portal/, () => orderFor(VM, strangersKey(), new Date(Date.now() - minute))],
    ['another VM’s order, which is good for that one', /for another migration/, async () => {
      const [copied] = await ordersOf(OTHER, 'CUTOVER')
      return copied ? { payload: copied.payload, signature: copied.signature } : null
    }],
    ['another VM’s order, with the ids exchanged', /not signed by the portal/, async () => {
      const [copied] = await ordersOf(OTHER, 'CUTOVER')
      return copied ? { payload: copied.payload.replaceAll(of(OTHER).migrationId, of(VM).migrationId).replaceAll(OTHER, VM), signature: copied.signature } : null
    }],
    ['this VM’s order of yesterday', /no beginning after/, async () => orderFor(VM, await portalsKey(), new Date(Date.now() - 24 * HOUR_MS))],
    ['this VM’s order for tomorrow', /begins only at/, async () => orderFor(VM, await portalsKey(), new Date(Date.now() + 24 * HOUR_MS))],
    ['an order for a plan that was changed since', /for other disks/, async () => orderFor(VM, await portalsKey(), new Date(Date.now() - minute), { disks: [{ key: 'disk-0', sizeBytes: 4096 }] })],
  ])('stops no VM with %s', async (_, words, order) => {
    const before = (await refusals(VM)).length
    const attemptId = await forgeCutover(VM, await order())
    await refused(VM, /source/, words, before)
    const attempt = await eventually('the attempt is undone', async () => db.cutoverAttempt.findFirst({ where: { id: attemptId, status: 'ROLLED_BACK' } }))
    expect(attempt.failureCode).toBe('ORDER_REFUSED')
    expect(attempt.failureMessage).toMatch(words)
    await writesOn('source', VM)
    await is(VM, 'READY_FOR_CUTOVER')
  })

  test('while the rightful way still moves it, once', async () => {
    await db.booking.updateMany({ where: { waveId: of(VM).waveId }, data: { status: 'WITHDRAWN' } })
    await approvedWindow(VM)
    const before = (await refusals(VM)).length
    await eventually('the window is open', async () => (await db.booking.count({ where: { waveId: of(VM).waveId, status: 'IN_PROGRESS' } })) === 1)
    await operator.mutate('wave.requestCutover', { migrationIds: [of(VM).migrationId] }, anything)
    await is(VM, 'COMPLETED')
    await writesOn('target', VM)
    expect((await labVm('source', VM))?.power).toBe('OFF')
    expect((await refusals(VM)).slice(before)).toEqual([])
  })

  test('destroys no VM that was moved, and starts its source beside it in no way', async () => {
    const { migrationId } = of(VM)
    const staysAsItIs = async () => {
      await writesOn('target', VM)
      expect((await labVm('source', VM))?.power).toBe('OFF')
    }
    // Cancelled, says a row: the target is told to discard, the source that its VM is its own again.
    let before = (await refusals(VM)).length
    await db.migration.update({ where: { id: migrationId }, data: { status: 'CANCELLED' } })
    await refused(VM, /target/, /no signed order came with it/, before)
    await refused(VM, /source/, /handed over/, before)
    await staysAsItIs()

    // With the order by which another replica was rightly discarded.
    await operator.mutate('wave.cancel', { waveId: of(OTHER).waveId }, anything)
    await eventually('the other replica is gone', async () => z.object({ storedBytes: z.number() }).safeParse((await db.migration.findUniqueOrThrow({ where: { id: of(OTHER).migrationId } })).targetObserved).data?.storedBytes === 0)
    await writesOn('source', OTHER)
    const [discard] = await ordersOf(OTHER, 'DISCARD')
    expect(discard).toBeDefined()
    before = (await refusals(VM)).length
    if (discard) await db.signedOrder.create({ data: { ...discard, id: randomUUID(), migrationId } })
    await refused(VM, /target/, /for another migration/, before)
    await staysAsItIs()

    // Its cutover has failed, says a row, and its shadow VM is gone: over a restart of both agents, too.
    before = (await refusals(VM)).length
    await db.cutoverAttempt.updateMany({ where: { migrationId, status: 'COMMITTED' }, data: { status: 'ROLLED_BACK', shadowGoneAt: new Date(), sourceReturnedAt: null } })
    await db.migration.update({ where: { id: migrationId }, data: { status: 'REPLICATING' } })
    await refused(VM, /target/, /was accepted/, before)
    await refused(VM, /source/, /handed over/, before)
    for (const agent of ['agent-source', 'agent-target']) await driftless.supervisor.restart(agent)
    await pause(2_000) // several rounds of both
    await staysAsItIs()
  })
})
