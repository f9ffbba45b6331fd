import { CUTOVER_HARMLESS, DomainError, MIGRATION_ENDED } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { rollBackAttempt } from './cutover-attempt.ts'
import { moveMigration } from './move-migration.ts'
import { signDiscard } from './sign-order.ts'
import type { OrderSigner } from './sign-order.ts'
import { cancelTestBoot } from './test-boot.ts'

/**
 * Gives a migration up: the source runs on untouched, the replica is removed. A cutover that has
 * begun to stop the source is frozen against this: CUTOVER_FROZEN. Cancelling twice changes nothing. The decision is signed
 * for the agents: none removes a replica without.
 */
export async function cancelMigration(tx: ScopedTx, migrationId: string, signer: OrderSigner): Promise<boolean> {
  const migration = await tx.db.migration.findUnique({
    where: { id: migrationId },
    include: { vm: true, attempts: { where: { status: { notIn: ['COMMITTED', 'ROLLED_BACK'] } } } },
  })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  if (MIGRATION_ENDED.includes(migration.status)) return false
  const attempt = migration.attempts[0]
  if (attempt && !CUTOVER_HARMLESS.includes(attempt.status))
    throw new DomainError('CUTOVER_FROZEN', `The cutover of ${migration.vm.name} has begun and runs to its end.`, { vm: migration.vm.name })
  if (attempt) await rollBackAttempt(tx, { ...attempt, migration }, 'CANCELLED', 'The migration was cancelled.')
  if (migration.status === 'TESTING') await cancelTestBoot(tx, migration, new Date())
  const status = attempt ? 'REPLICATING' : migration.status
  const endedAt = new Date()
  if (!(await moveMigration(tx, { ...migration, status }, 'CANCELLED', { endedAt }))) return false
  await signDiscard(tx, signer, migration, endedAt)
  return true
}

/** Cancels, in the order in which reports lock them, every migration of a wave that can be; those frozen in their cutover run on. Answers how many were. */
export async function cancelWave(tx: ScopedTx, waveId: string, signer: OrderSigner): Promise<number> {
  const wave = await tx.db.wave.findUnique({ where: { id: waveId }, include: { migrations: { select: { id: true }, orderBy: { id: 'asc' } } } })
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  let cancelled = 0
  for (const { id } of wave.migrations) {
    try {
      if (await cancelMigration(tx, id, signer)) cancelled += 1
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'CUTOVER_FROZEN')) throw error
    }
  }
  return cancelled
}
