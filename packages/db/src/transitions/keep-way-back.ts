import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/**
 * Lets what an accepted shadow VM writes flow back to the source's disks, or no longer. NOT_MOVED when the VM does not run
 * at the target. Asking for what is already so changes nothing.
 */
export async function keepWayBack(tx: ScopedTx, migrationId: string, keep: boolean, now: Date): Promise<void> {
  const migration = await tx.db.migration.findUnique({ where: { id: migrationId }, include: { vm: true } })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  if (migration.status !== 'COMPLETED') throw new DomainError('NOT_MOVED', `${migration.vm.name} does not run at the target, so there is no way back from it.`, { vm: migration.vm.name })
  const written = await tx.db.migration.updateMany({
    where: { id: migrationId, status: 'COMPLETED', wayBackSince: keep ? null : { not: null } },
    data: { wayBackSince: keep ? now : null },
  })
  if (written.count === 1) await audit(tx, keep ? 'migration.way-back' : 'migration.way-back-end', { ...migration, kind: 'migration', name: migration.vm.name })
}
