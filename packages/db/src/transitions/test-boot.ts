import { DomainError, TEST_BOOT_OVER, TEST_BOOT_TRANSITIONS, canTransition } from '@driftless/domain'
import type { TestBootStatus, TestEndReason } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { moveMigration } from './move-migration.ts'
import type { MigrationRef } from './move-migration.ts'

const HOUR_MS = 3_600_000

/** What a guarded write of a test needs to know of it. */
export type TestBootRef = { readonly id: string; readonly status: TestBootStatus; readonly migration: MigrationRef }

/**
 * Starts a test boot of a migration that is in step. It ends by itself at `expiresAt`. NOT_READY_FOR_TEST when the VM does
 * not replicate in step, or its source is still on its way back from a failed cutover; TEST_RUNNING when there is one.
 */
export async function startTestBoot(tx: ScopedTx, migrationId: string, expiresAt: Date, now: Date): Promise<string> {
  const migration = await tx.db.migration.findUnique({ where: { id: migrationId }, include: { vm: true, wave: true, attempts: { orderBy: { number: 'desc' }, take: 1 } } })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  const vm = migration.vm.name
  if (migration.status === 'TESTING') throw new DomainError('TEST_RUNNING', `A test of ${vm} runs already.`, { vm })
  const [attempt] = migration.attempts
  const returning = attempt?.status === 'ROLLED_BACK' && attempt.sourceReturnedAt === null
  if (migration.status !== 'READY_FOR_CUTOVER' || returning || migration.wave.paused) throw new DomainError('NOT_READY_FOR_TEST', `${vm} is not in step with its source, so there is nothing to test yet.`, { vm })
  if (!(await moveMigration(tx, migration, 'TESTING', { cutoverRequestedAt: null }))) throw new DomainError('NOT_READY_FOR_TEST', `${vm} has just moved on.`, { vm })
  const { providerId, tenantId } = migration
  const test = await tx.db.testBoot.create({
    data: { providerId, tenantId, migrationId, startedById: tx.actor.id, startedByName: tx.actor.name, startedAt: now, statusChangedAt: now, expiresAt },
  })
  await audit(tx, 'test.start', { ...migration, kind: 'migration', name: vm }, { detail: { test: test.id, hours: Math.round((expiresAt.getTime() - now.getTime()) / HOUR_MS * 10) / 10 } })
  return test.id
}

/** Moves a test on; `also` carries what was observed on the way. False when somebody else moved it. */
export async function advanceTestBoot(tx: ScopedTx, test: TestBootRef, to: TestBootStatus, detail: string | null, also: Prisma.TestBootUncheckedUpdateManyInput = {}): Promise<boolean> {
  if (!canTransition(TEST_BOOT_TRANSITIONS, test.status, to)) throw new Error(`A test boot never goes from ${test.status} to ${to}.`)
  const written = await tx.db.testBoot.updateMany({ where: { id: test.id, status: test.status }, data: { status: to, statusChangedAt: new Date(), detail, ...also } })
  if (written.count !== 1) return false
  await audit(tx, 'test.status', { ...test.migration, kind: 'migration', name: test.migration.vm.name }, { before: test.status, after: to, reason: detail, detail: { test: test.id } })
  return true
}

/** The test VM is removed next, by the target's agent; the migration goes on when nothing of it is left. */
export function endTestBoot(tx: ScopedTx, test: TestBootRef, reason: TestEndReason, detail: string | null): Promise<boolean> {
  return advanceTestBoot(tx, test, 'ENDING', detail, { endReason: reason })
}

/** Nothing of the test is left: the migration is where it was before. */
export async function closeTestBoot(tx: ScopedTx, test: TestBootRef | null, migration: MigrationRef, now: Date): Promise<boolean> {
  if (test !== null && test.status !== 'ENDED') {
    const written = await tx.db.testBoot.updateMany({ where: { id: test.id, status: test.status }, data: { status: 'ENDED', statusChangedAt: now, endedAt: now } })
    if (written.count !== 1) return false
  }
  return moveMigration(tx, migration, 'READY_FOR_CUTOVER', {}, test === null ? {} : { detail: { test: test.id } })
}

/** A person has seen enough. Discarding a test that is over changes nothing; NO_TEST when there was none. */
export async function discardTestBoot(tx: ScopedTx, migrationId: string): Promise<void> {
  const migration = await tx.db.migration.findUnique({ where: { id: migrationId }, include: { vm: true, testBoots: { orderBy: { startedAt: 'desc' }, take: 1 } } })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  const [test] = migration.testBoots
  if (!test) throw new DomainError('NO_TEST', `There is no test of ${migration.vm.name}.`, { vm: migration.vm.name })
  if (TEST_BOOT_OVER.includes(test.status)) return
  await endTestBoot(tx, { id: test.id, status: test.status, migration }, 'DISCARDED', null)
}

/** The migration is given up: the target removes replica and test together, nobody waits for it. */
export async function cancelTestBoot(tx: ScopedTx, migration: MigrationRef, now: Date): Promise<void> {
  const tests = await tx.db.testBoot.findMany({ where: { migrationId: migration.id, status: { not: 'ENDED' } } })
  for (const { id, status } of tests) await advanceTestBoot(tx, { id, status, migration }, 'ENDED', null, { endReason: 'CANCELLED', endedAt: now })
}
