import { createTestDatabase } from '@driftless/tests/support/database.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_SOURCE_SITE, seedDemo } from '../../../../prisma/seed/demo.ts'
import { openDb } from '../client.ts'
import type { Db } from '../client.ts'
import { readStatements } from '../queries/billing.ts'
import { COORDINATOR, inScope } from '../scope.ts'
import type { ScopedTx } from '../scope.ts'
import { endBilling, startBilling } from './bill-stay.ts'

const OWNER = { providerId: 'northwind', tenantId: 'alpine' }
const STARTED = new Date('2026-01-31T23:00:00Z')
const ENDED = new Date('2026-02-01T02:00:00Z')

describe('the billing ledger', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>
  let owner: Db
  let coordinator: Db
  let number = 0
  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 2)
    coordinator = openDb(database.coordinatorUrl, 10)
    await seedDemo(owner, () => Promise.resolve('no password'))
    await owner.wave.create({ data: { id: 'w', ...OWNER, name: 'w', siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', cutoverMode: 'MANUAL', createdById: 'user-olivia' } })
    await owner.webhookEndpoint.create({ data: { providerId: OWNER.providerId, name: 'bills', url: 'https://hooks.invalid/', eventTypes: ['billing.started', 'billing.ended'], createdById: 'user-samir' } })
  })
  afterAll(async () => {
    await Promise.all([owner.$disconnect(), coordinator.$disconnect()])
    await database.drop()
  })

  const act = <T>(work: (tx: ScopedTx) => Promise<T>) => inScope(coordinator, { kind: 'system', actor: COORDINATOR }, work)
  async function aVm() {
    number += 1
    const vm = await owner.vm.create({ data: { ...OWNER, siteId: DEMO_SOURCE_SITE, ref: `vm-${number}`, name: `vm-${number}`, guestOs: 'lab', cpus: 2, memoryBytes: 1n << 30n, network: 'n', power: 'ON', health: 'HEALTHY', hypervisor: { kind: 'lab' }, seenAt: new Date() } })
    const { id } = await owner.migration.create({ data: { ...OWNER, waveId: 'w', vmId: vm.id, position: number, network: 'n', storage: 's', cpus: 2, memoryBytes: (1n << 30n) + 1n, replications: { create: [{ ...OWNER, diskKey: 'disk0', sizeBytes: 1n << 31n }] } } })
    return owner.migration.findUniqueOrThrow({ where: { id }, include: { vm: true, wave: true, replications: true } })
  }
  const entriesOf = (migrationId: string) => owner.billingEntry.findMany({ where: { migrationId }, orderBy: { kind: 'asc' }, select: { kind: true, stay: true, at: true, memoryMib: true, diskMib: true } })

  it('has one start of twenty that are said at once, and one message about it', async () => {
    const vm = await aVm()
    const started = await Promise.all(Array.from({ length: 20 }, () => act((tx) => startBilling(tx, vm, 1, STARTED))))
    expect(started.filter(Boolean)).toHaveLength(1)
    const size = { stay: 1, at: STARTED, memoryMib: 1025n, diskMib: 2048n }
    expect(await entriesOf(vm.id)).toEqual([{ kind: 'SOURCE_ENDED', ...size }, { kind: 'TARGET_STARTED', ...size }])
    expect(await owner.auditEntry.count({ where: { action: 'billing.start', subjectId: vm.id } })).toBe(1)
    const sent = await owner.webhookDelivery.findMany({ where: { payload: { contains: vm.id } } })
    expect(sent.map(({ payload }): unknown => JSON.parse(payload))).toMatchObject([{ type: 'billing.started', data: { billing: { idempotencyKey: `${vm.id}/TARGET_STARTED/1`, cpus: 2, memoryMib: '1025', diskMib: '2048' } } }])
  })

  it('keeps nothing of a transaction that did not end, and all of it when it is done again', async () => {
    const vm = await aVm()
    await expect(act(async (tx) => {
      await startBilling(tx, vm, 1, STARTED)
      throw new Error('killed')
    })).rejects.toThrow('killed')
    expect(await entriesOf(vm.id)).toEqual([])
    expect(await act((tx) => startBilling(tx, vm, 1, STARTED))).toBe(true)
    expect(await act((tx) => startBilling(tx, vm, 1, STARTED))).toBe(false)
  })

  it('comes to the same bill when the end is heard of before the start, and twice', async () => {
    const vm = await aVm()
    for (const say of [endBilling, startBilling, endBilling, startBilling]) await act((tx) => say(tx, vm, 3, say === startBilling ? STARTED : ENDED))
    expect((await entriesOf(vm.id)).map(({ kind, stay }) => `${kind} ${stay}`)).toEqual(['SOURCE_ENDED 3', 'TARGET_STARTED 3', 'TARGET_ENDED 3'])
  })

  it('is changed by nobody, not by its owner', async () => {
    const vm = await aVm()
    await act((tx) => startBilling(tx, vm, 1, STARTED))
    for (const db of [coordinator, owner]) {
      await expect(db.billingEntry.updateMany({ data: { cpus: 1 } })).rejects.toThrow(/only grows|denied/)
      await expect(db.billingEntry.deleteMany()).rejects.toThrow(/only grows|denied/)
      await expect(db.$executeRaw`TRUNCATE billing_entry`).rejects.toThrow(/only grows|denied/)
    }
  })

  it('states late entries as a correction in the month in which it heard of them', async () => {
    const month = (from: string, to: string) => act((tx) => readStatements(tx, new Date(from), new Date(to), new Date('2030-01-01T00:00:00Z')))
    // All of the above was heard of today: January's statement, long closed, is as it was.
    expect(await month('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z')).toEqual([])
    const { recordedAt } = await owner.billingEntry.findFirstOrThrow()
    const from = new Date(Date.UTC(recordedAt.getUTCFullYear(), recordedAt.getUTCMonth(), 1))
    const to = new Date(Date.UTC(recordedAt.getUTCFullYear(), recordedAt.getUTCMonth() + 1, 1))
    const before = (from.getTime() - STARTED.getTime()) / 1000
    // Three VMs that are there still, and one that was there for three hours.
    expect(await month(from.toISOString(), to.toISOString())).toMatchObject([{ tenantId: 'alpine', vms: 3, correction: { vmSeconds: BigInt(before * 3 + 3 * 3600) } }])
  })
})
