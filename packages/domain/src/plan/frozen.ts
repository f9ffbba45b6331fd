import { CUTOVER_COMMITTING } from '../states/cutover.ts'
import type { CutoverStatus } from '../states/cutover.ts'
import { MIGRATION_ENDED } from '../states/migration.ts'
import type { MigrationStatus } from '../states/migration.ts'

/** Past its go a cutover runs to its end as it was agreed. `attempt`: the latest one's status. */
export function isPastGo(attempt: CutoverStatus | undefined): boolean {
  return attempt !== undefined && CUTOVER_COMMITTING.includes(attempt)
}

/** Whether what was agreed about a VM can no longer be changed: its cutover is past its go, or it has ended. */
export function isPlanFrozen(status: MigrationStatus, attempt: CutoverStatus | undefined): boolean {
  return status === 'VALIDATING' || MIGRATION_ENDED.includes(status) || isPastGo(attempt)
}
