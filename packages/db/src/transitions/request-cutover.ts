import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/**
 * Asks for the final migration of one VM. It begins once the booked window is open, the approver said go and it is
 * its turn; outside an approved window it is refused at once: CUTOVER_OUTSIDE_WINDOW.
 */
export async function requestCutover(tx: ScopedTx, migrationId: string, now: Date): Promise<void> {
  const migration = await tx.db.migration.findUnique({ where: { id: migrationId }, include: { vm: true } })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  if (migration.status === 'TESTING') throw new DomainError('TEST_RUNNING', `A test of ${migration.vm.name} runs. Discard it first.`, { vm: migration.vm.name })
  if (migration.status !== 'READY_FOR_CUTOVER') throw new DomainError('NOT_READY_FOR_CUTOVER', `${migration.vm.name} is not ready for its cutover.`, { vm: migration.vm.name })
  const open = await tx.db.booking.count({
    where: { waveId: migration.waveId, status: { in: ['APPROVED', 'LOCKED', 'IN_PROGRESS'] }, startsAt: { lte: now }, lockoutAt: { gt: now } },
  })
  if (open === 0) throw new DomainError('CUTOVER_OUTSIDE_WINDOW', 'A cutover starts only inside an approved service window, before its lockout.', { vm: migration.vm.name })
  const written = await tx.db.migration.updateMany({ where: { id: migrationId, status: 'READY_FOR_CUTOVER' }, data: { cutoverRequestedAt: now } })
  if (written.count === 1) await audit(tx, 'migration.request-cutover', { ...migration, kind: 'migration', name: migration.vm.name })
}
