import type { CutoverStatus } from './cutover.ts'
import type { MigrationStatus } from './migration.ts'

/** The VM was proven to run at the target, and nobody has accepted it or taken it back yet. `attempt`: its latest one's status. */
export function isBeingValidated(status: MigrationStatus, attempt: CutoverStatus | undefined): boolean {
  return status === 'VALIDATING' && attempt === 'COMMITTED'
}

/** Between the end of its cutover and a return, before and after it was accepted. */
export function livesAtTarget(status: MigrationStatus, attempt: CutoverStatus | undefined): boolean {
  return status === 'COMPLETED' || isBeingValidated(status, attempt)
}
