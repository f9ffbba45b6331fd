import { DomainError, RETURN_UNDER_WAY } from '@driftless/domain'
import { audit } from '../audit.ts'
import { lockMigration } from '../queries/migration-view.ts'
import type { ScopedTx } from '../scope.ts'
import { startBilling } from './bill-stay.ts'
import type { BilledMigration } from './bill-stay.ts'
import { moveMigration } from './move-migration.ts'
import type { MigrationRef } from './move-migration.ts'

export type Acceptance = {
  readonly acceptedAt: Date
  readonly billed: BilledMigration
  /** The number of the attempt that brought it here: the stay that is billed. */
  readonly attempt: number
  /** Nobody had to say so: its validation period ended, or none was agreed on. */
  readonly asAgreed: boolean
}

/**
 * A person's word, during the validation period, that the VM is well at the target; the coordinator then does the rest. Of two
 * who decide at once one is heard: VALIDATION_DECIDED. NOT_VALIDATING when there is nothing to accept. Accepting twice changes nothing.
 */
export async function askToAccept(tx: ScopedTx, migrationId: string, now: Date): Promise<void> {
  await lockMigration(tx, migrationId)
  const migration = await tx.db.migration.findUnique({ where: { id: migrationId }, include: { vm: true, returns: { where: { status: { in: [...RETURN_UNDER_WAY] } } } } })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  const vm = { vm: migration.vm.name }
  if (migration.status === 'COMPLETED' && migration.acceptAskedAt !== null) return
  if (migration.status !== 'VALIDATING' || migration.validationEndsAt === null) throw new DomainError('NOT_VALIDATING', `${vm.vm} is not being validated.`, vm)
  if (migration.returns.length > 0) throw new DomainError('VALIDATION_DECIDED', `${vm.vm} is being returned to its source already.`, vm)
  if (migration.acceptAskedAt !== null) return
  await tx.db.migration.updateMany({ where: { id: migrationId, status: 'VALIDATING' }, data: { acceptAskedAt: now, acceptAskedById: tx.actor.id } })
  await audit(tx, 'migration.accept', { ...migration, kind: 'migration', name: vm.vm })
}

/**
 * The VM is accepted: the migration COMPLETED and its billing started, in one transaction, once; the way back ends. False when
 * somebody else moved the migration. Everything that hangs on an acceptance hangs here, and its evidence (`record-evidence`), which is
 * what can be read in the same transaction after this.
 */
export async function acceptMigration(tx: ScopedTx, migration: MigrationRef, { acceptedAt, billed, attempt, asAgreed }: Acceptance): Promise<boolean> {
  if (!(await moveMigration(tx, migration, 'COMPLETED', { endedAt: acceptedAt, validationEndsAt: null, wayBackSince: null }, asAgreed ? { detail: { asAgreed } } : {}))) return false
  await startBilling(tx, billed, attempt, acceptedAt)
  return true
}
