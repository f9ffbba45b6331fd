import { CUTOVER_COMMITTING } from './states/cutover.ts'
import type { CutoverStatus } from './states/cutover.ts'
import type { MigrationStatus } from './states/migration.ts'
import { isBeingValidated, livesAtTarget } from './states/at-target.ts'
import type { ReturnStatus } from './states/return.ts'

/** What desired state is derived from; nothing else decides what agents do. */
export type StageInput = {
  readonly status: MigrationStatus
  /** Where a BLOCKED migration goes back to. */
  readonly resumeStatus: MigrationStatus | null
  readonly paused: boolean
  /** The writes of the accepted shadow VM are to flow back to the source's disks. */
  readonly wayBack: boolean
  readonly attempt: { readonly status: CutoverStatus; readonly shadowGone: boolean; readonly sourceReturned: boolean } | null
  /** A return that is under way; null or absent: none. `wayBack`: what was written at the target comes with it. */
  readonly vmReturn?: { readonly status: ReturnStatus; readonly wayBack: boolean } | null
}

export type SourceStage = 'REPLICATE' | 'PAUSE' | 'FINAL' | 'RETURN' | 'RELEASE' | 'STOP' | 'REVERSE' | 'TAKE_BACK'
export type TargetStage = 'RECEIVE' | 'VERIFY' | 'BOOT' | 'ACCEPT' | 'KEEP' | 'DISCARD' | 'REVERSE' | 'HAND_BACK'

/** What the source agent should be doing; null: nothing, the migration is not its business. */
export function sourceStage(input: StageInput): SourceStage | null {
  const { status, attempt } = effective(input)
  if (input.vmReturn && livesAtTarget(status, attempt?.status)) return sourceOfReturn(input.vmReturn)
  if (status === 'COMPLETED') return input.wayBack ? 'REVERSE' : 'RELEASE'
  if (status === 'CANCELLED' || status === 'FAILED' || status === 'ROLLED_BACK') return 'STOP'
  if (!replicates(status)) return null
  if (isBeingValidated(status, attempt?.status)) return input.wayBack ? 'REVERSE' : 'FINAL'
  if (attempt && CUTOVER_COMMITTING.includes(attempt.status)) return 'FINAL'
  // Source and target are never both on: the source stays off until the target has said that the shadow VM is gone.
  if (attempt?.status === 'ROLLED_BACK' && !attempt.sourceReturned) return attempt.shadowGone ? 'RETURN' : 'FINAL'
  return input.paused ? 'PAUSE' : 'REPLICATE'
}

/** What the target agent should be doing; null: nothing, the migration is not its business. */
export function targetStage(input: StageInput): TargetStage | null {
  const { status, attempt } = effective(input)
  if (input.vmReturn && livesAtTarget(status, attempt?.status)) return targetOfReturn(input.vmReturn)
  if (status === 'COMPLETED') return input.wayBack ? 'REVERSE' : 'ACCEPT'
  if (status === 'CANCELLED' || status === 'FAILED' || status === 'ROLLED_BACK') return 'DISCARD'
  if (!replicates(status)) return null
  if (isBeingValidated(status, attempt?.status)) return input.wayBack ? 'REVERSE' : 'BOOT'
  if (attempt?.status === 'VERIFYING') return 'VERIFY'
  if (attempt?.status === 'TARGET_BOOTING' || attempt?.status === 'VALIDATING') return 'BOOT'
  return attempt?.status === 'ROLLED_BACK' ? 'KEEP' : 'RECEIVE'
}

/** The source is powered on only once the target has said that the shadow VM is gone. */
function sourceOfReturn({ status, wayBack }: NonNullable<StageInput['vmReturn']>): SourceStage {
  if (status === 'STARTING_SOURCE') return 'RETURN'
  if (!wayBack) return 'FINAL'
  return status === 'HANDING_BACK' ? 'REVERSE' : 'TAKE_BACK'
}

function targetOfReturn({ status }: NonNullable<StageInput['vmReturn']>): TargetStage {
  return status === 'HANDING_BACK' || status === 'PROVING' ? 'HAND_BACK' : 'KEEP'
}

function effective(input: StageInput): { status: MigrationStatus; attempt: StageInput['attempt'] } {
  return { status: input.status === 'BLOCKED' ? (input.resumeStatus ?? 'REPLICATING') : input.status, attempt: input.attempt }
}

function replicates(status: MigrationStatus): boolean {
  return ['REPLICATING', 'READY_FOR_TEST', 'TESTING', 'READY_FOR_CUTOVER', 'CUTTING_OVER', 'VALIDATING'].includes(status)
}
