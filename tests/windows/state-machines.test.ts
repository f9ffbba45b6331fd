/** The state machines, through the very functions that write them, in PostgreSQL: every edge is walked, every other one refused. */
import { advanceAttempt, advanceBooking, advanceReturn, advanceTestBoot, COORDINATOR, inScope, moveMigration, openDb, storeReplications } from '@driftless/db'
import type { Db, ScopedTx } from '@driftless/db'
import {
  BOOKING_STATUSES, BOOKING_TRANSITIONS, CUTOVER_STATUSES, CUTOVER_TRANSITIONS, MIGRATION_ENDED, MIGRATION_STATUSES, MIGRATION_TRANSITIONS, REPLICATION_STATUSES, RETURN_STATUSES, RETURN_TRANSITIONS, TEST_BOOT_STATUSES, TEST_BOOT_TRANSITIONS,
  canTransition,
} from '@driftless/domain'
import type { BookingStatus, CutoverStatus, MigrationStatus, ReplicationStatus, ReturnStatus, TestBootStatus, TransitionTable } from '@driftless/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, seedDemo } from '../../prisma/seed/demo.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

const OWNER = { providerId: 'northwind', tenantId: 'alpine' }
const ID = 'the-one'
/** Another writer was quicker and put this there. */
const LATER = new Date('2026-12-01T10:00:00Z')

let database: TestDatabase
let owner: Db
let coordinator: Db
beforeAll(async () => {
  database = await createTestDatabase()
  owner = openDb(database.ownerUrl, 2)
  coordinator = openDb(database.coordinatorUrl, 2)
  await seedDemo(owner, () => Promise.resolve('no password'))
  await owner.vm.create({ data: { id: ID, ...OWNER, siteId: DEMO_SOURCE_SITE, ref: ID, name: 'mail', guestOs: 'lab', cpus: 1, memoryBytes: 1n, network: 'web', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: LATER } })
  await owner.wave.create({ data: { id: ID, ...OWNER, siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', name: 'First wave', createdById: 'user-olivia' } })
  await owner.migration.create({ data: { id: ID, ...OWNER, waveId: ID, vmId: ID, position: 0, network: 'web', storage: 'gold', cpus: 1, memoryBytes: 1n } })
  await owner.replication.create({ data: { id: ID, ...OWNER, migrationId: ID, diskKey: 'disk0', sizeBytes: 1n } })
  await owner.booking.create({ data: { id: ID, ...OWNER, waveId: ID, targetSiteId: DEMO_TARGET_SITE, startsAt: new Date(LATER.getTime() - 3_600_000), lockoutAt: LATER, endsAt: LATER, requestedById: 'user-olivia' } })
  await owner.cutoverAttempt.create({ data: { id: ID, ...OWNER, migrationId: ID, bookingId: ID, number: 1, reachedAt: {} } })
  await owner.vmReturn.create({ data: { id: ID, ...OWNER, migrationId: ID, attempt: 1, status: 'HANDING_BACK', statusChangedAt: LATER, reachedAt: {}, wayBack: true, byDefault: false, reason: 'mail does not arrive', askedByName: 'Olivia Berger', askedAt: LATER } })
  await owner.testBoot.create({ data: { id: ID, ...OWNER, migrationId: ID, startedByName: 'Olivia Berger', startedAt: LATER, expiresAt: LATER } })
})
afterAll(async () => {
  await Promise.all([owner?.$disconnect(), coordinator?.$disconnect()])
  await database?.drop()
})

const MIGRATION = { ...OWNER, id: ID, cpus: 1, memoryBytes: 1n, vm: { name: 'mail' }, wave: { name: 'First wave' }, replications: [{ sizeBytes: 1n }] }

/** One machine: its table, how its row is put somewhere past all rules, what writes it, and what it is called in the audit log. */
type Machine<S extends string> = {
  readonly name: string
  readonly statuses: readonly S[]
  readonly table: TransitionTable<S>
  readonly actions: readonly string[]
  readonly put: (status: S) => Promise<unknown>
  readonly read: () => Promise<S>
  /** As its writers do it: having read `from`. */
  readonly write: (tx: ScopedTx, from: S, to: S) => Promise<boolean>
}

const migration: Machine<MigrationStatus> = {
  name: 'a migration', statuses: MIGRATION_STATUSES, table: MIGRATION_TRANSITIONS, actions: ['migration.status'],
  put: (status) => owner.migration.update({ where: { id: ID }, data: { status } }),
  read: async () => (await owner.migration.findUniqueOrThrow({ where: { id: ID } })).status,
  write: (tx, status, to) => moveMigration(tx, { ...MIGRATION, status }, to),
}
const booking: Machine<BookingStatus> = {
  name: 'a booking', statuses: BOOKING_STATUSES, table: BOOKING_TRANSITIONS, actions: ['booking.status', 'booking.withdraw'],
  put: (status) => owner.booking.update({ where: { id: ID }, data: { status } }),
  read: async () => (await owner.booking.findUniqueOrThrow({ where: { id: ID } })).status,
  write: (tx, status, to) => advanceBooking(tx, { ...OWNER, id: ID, waveId: ID, kind: 'CUTOVER', status, wave: { name: 'First wave' } }, to),
}
const attempt: Machine<CutoverStatus> = {
  name: 'a cutover attempt', statuses: CUTOVER_STATUSES, table: CUTOVER_TRANSITIONS, actions: ['cutover.status'],
  put: async (status) => {
    // Its migration is where it is while an attempt runs, so that the attempt can take it along.
    await owner.migration.update({ where: { id: ID }, data: { status: 'CUTTING_OVER' } })
    await owner.cutoverAttempt.update({ where: { id: ID }, data: { status } })
  },
  read: async () => (await owner.cutoverAttempt.findUniqueOrThrow({ where: { id: ID } })).status,
  write: (tx, status, to) => advanceAttempt(tx, { id: ID, number: 1, status, reachedAt: {}, migration: { ...MIGRATION, status: 'CUTTING_OVER' } }, to, LATER),
}
const testBoot: Machine<TestBootStatus> = {
  name: 'a test boot', statuses: TEST_BOOT_STATUSES, table: TEST_BOOT_TRANSITIONS, actions: ['test.status'],
  put: (status) => owner.testBoot.update({ where: { id: ID }, data: { status } }),
  read: async () => (await owner.testBoot.findUniqueOrThrow({ where: { id: ID } })).status,
  write: (tx, status, to) => advanceTestBoot(tx, { id: ID, status, migration: { ...MIGRATION, status: 'TESTING' } }, to, null),
}

const vmReturn: Machine<ReturnStatus> = {
  name: 'a return', statuses: RETURN_STATUSES, table: RETURN_TRANSITIONS, actions: ['return.status'],
  put: async (status) => {
    // Its migration is where it is while a VM goes home, so that the return can take it along.
    await owner.migration.update({ where: { id: ID }, data: { status: 'VALIDATING' } })
    await owner.vmReturn.update({ where: { id: ID }, data: { status } })
  },
  read: async () => (await owner.vmReturn.findUniqueOrThrow({ where: { id: ID } })).status,
  write: (tx, status, to) => advanceReturn(tx, { id: ID, attempt: 1, status, wayBack: true, reachedAt: {}, migration: { ...MIGRATION, status: 'VALIDATING' } }, to, LATER),
}

const system = <T>(work: (tx: ScopedTx) => Promise<T>) => inScope(coordinator, { kind: 'system', actor: COORDINATOR }, work)
const entries = (actions: readonly string[]) => owner.auditEntry.findMany({ where: { action: { in: [...actions] }, actorKind: 'COORDINATOR' }, orderBy: { id: 'asc' }, select: { before: true, after: true, subjectName: true } })

function describeMachine<S extends string>({ name, statuses, table, actions, put, read, write }: Machine<S>): void {
  describe(`${name} goes`, () => {
    const pairs = statuses.flatMap((from) => statuses.map((to) => ({ from, to })))
    const edges = pairs.filter(({ from, to }) => canTransition(table, from, to))
    const others = pairs.filter(({ from, to }) => !canTransition(table, from, to))

    it(`along each of its ${edges.length} edges, with an entry in the audit log`, async () => {
      for (const { from, to } of edges) {
        await put(from)
        const before = await entries(actions)
        expect(await system((tx) => write(tx, from, to)), `${from} → ${to}`).toBe(true)
        expect(await read()).toBe(to)
        expect((await entries(actions)).slice(before.length)).toEqual([expect.objectContaining({ before: from, after: to })])
      }
    })

    it(`along none of the ${others.length} others: refused, and nothing written`, async () => {
      const before = await entries(actions)
      for (const { from, to } of others) {
        await put(from)
        await expect(system((tx) => write(tx, from, to)), `${from} → ${to}`).rejects.toThrow('never goes from')
        expect(await read()).toBe(from)
      }
      expect(await entries(actions)).toEqual(before)
    })

    it('nowhere for a writer that read what has changed since', async () => {
      const before = await entries(actions)
      for (const { from, to } of edges) {
        const meanwhile = statuses.find((status) => status !== from && status !== to)
        if (meanwhile === undefined) throw new Error('A machine has three states at least.')
        await put(meanwhile)
        expect(await system((tx) => write(tx, from, to)), `${from} → ${to}, but it was ${meanwhile}`).toBe(false)
        expect(await read()).toBe(meanwhile)
      }
      expect(await entries(actions)).toEqual(before)
    })
  })
}

describeMachine(migration)
describeMachine(booking)
describeMachine(attempt)
describeMachine(testBoot)
describeMachine(vmReturn)

/** What an agent sees of a disk, twelve times a minute: between two looks it may have gone through any number of states. */
describe('the replication of a disk goes', () => {
  const observe = (status: ReplicationStatus) =>
    system((tx) => storeReplications(tx, [{ migrationId: ID, key: 'disk0', status, backgroundDoneBytes: 0, backgroundTotalBytes: 0, foregroundDoneBytes: 0, foregroundLeftBytes: 0, sentBytes: 0, behindSinceMs: null }]))
  const put = (status: ReplicationStatus) => owner.replication.update({ where: { id: ID }, data: { status } })
  const read = async () => (await owner.replication.findUniqueOrThrow({ where: { id: ID } })).status
  const pairs = REPLICATION_STATUSES.flatMap((from) => REPLICATION_STATUSES.map((to) => ({ from, to })))

  it('wherever its agent saw it, while its migration is under way', async () => {
    await owner.migration.update({ where: { id: ID }, data: { status: 'REPLICATING' } })
    for (const { from, to } of pairs) {
      await put(from)
      await observe(to)
      expect(await read(), `${from} → ${to}`).toBe(to)
    }
  })

  it.each(MIGRATION_ENDED)('nowhere any more once its migration is %s', async (ended) => {
    await owner.migration.update({ where: { id: ID }, data: { status: ended } })
    for (const { from, to } of pairs) {
      await put(from)
      await observe(to)
      expect(await read(), `${from} → ${to}`).toBe(from)
    }
  })
})
