import { DomainError, ROLLBACK_RESERVE_SECONDS, serviceWindowOf, windowAt } from '@driftless/domain'
import { audit } from '../audit.ts'
import { readCutoverForecast, readSiteHistory } from '../queries/cutover-forecast.ts'
import type { ScopedTx } from '../scope.ts'

/**
 * Asks for the final migration of one VM. It begins once the booked window is open, the approver said go and it is
 * its turn; outside an approved window it is refused at once: CUTOVER_OUTSIDE_WINDOW. So it is where what is left of the window is
 * shorter than its forecast's P90 and going back from the last step: CUTOVER_DOES_NOT_FIT.
 */
export async function requestCutover(tx: ScopedTx, migrationId: string, now: Date): Promise<void> {
  const migration = await tx.db.migration.findUnique({ where: { id: migrationId }, include: { vm: true, replications: true, wave: { select: { siteId: true } } } })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  if (migration.status === 'TESTING') throw new DomainError('TEST_RUNNING', `A test of ${migration.vm.name} runs. Discard it first.`, { vm: migration.vm.name })
  if (migration.status !== 'READY_FOR_CUTOVER') throw new DomainError('NOT_READY_FOR_CUTOVER', `${migration.vm.name} is not ready for its cutover.`, { vm: migration.vm.name })
  const open = await tx.db.booking.findFirst({
    where: { waveId: migration.waveId, kind: 'CUTOVER', status: { in: ['APPROVED', 'LOCKED', 'IN_PROGRESS'] }, startsAt: { lte: now }, lockoutAt: { gt: now } }, orderBy: { endsAt: 'desc' }, select: { startsAt: true, endsAt: true, lockoutAt: true },
  })
  if (open === null) throw new DomainError('CUTOVER_OUTSIDE_WINDOW', 'A cutover starts only inside an approved service window, before its lockout.', { vm: migration.vm.name })
  const forecast = await readCutoverForecast(tx, migration, await readSiteHistory(tx, migration.wave.siteId, now))
  const neededSeconds = forecast.total.p90 + ROLLBACK_RESERVE_SECONDS
  // Asked of the rule by which it then begins, or does not; whole minutes are for whoever reads the refusal, and never read as if it fitted.
  const fits = windowAt(serviceWindowOf(open), now.getTime(), neededSeconds) === 'OPEN'
  const needed = Math.ceil(neededSeconds / 60)
  const left = Math.floor((open.endsAt.getTime() - now.getTime()) / 60_000)
  if (!fits) throw new DomainError('CUTOVER_DOES_NOT_FIT', `The cutover of ${migration.vm.name} takes up to ${needed} minutes with the time to go back; ${left} are left of the window.`, { vm: migration.vm.name, needed, left })
  const written = await tx.db.migration.updateMany({ where: { id: migrationId, status: 'READY_FOR_CUTOVER' }, data: { cutoverRequestedAt: now } })
  if (written.count === 1) await audit(tx, 'migration.request-cutover', { ...migration, kind: 'migration', name: migration.vm.name })
}
