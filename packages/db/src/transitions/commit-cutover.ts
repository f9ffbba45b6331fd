import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { advanceAttempt } from './cutover-attempt.ts'
import type { AttemptRef } from './cutover-attempt.ts'

export type Commitment = {
  readonly committedAt: Date
  /** What the attempt's row is completed with: times, downtime, sequences, and what the evidence needs later. */
  readonly attempt: Prisma.CutoverAttemptUncheckedUpdateManyInput
  /** When the validation period ends that begins now; null: none was agreed on. */
  readonly validationEndsAt: Date | null
  /** While it lasts, what the VM writes flows back to its source's disks. */
  readonly wayBack: boolean
}

/**
 * The VM is proven to run at the target: its attempt is COMMITTED and its validation period begins. The migration stays
 * VALIDATING until it is accepted (`acceptMigration`) or taken back. False when somebody else ended the attempt.
 */
export async function commitCutover(tx: ScopedTx, attempt: AttemptRef, { committedAt, attempt: also, validationEndsAt, wayBack }: Commitment): Promise<boolean> {
  if (!(await advanceAttempt(tx, attempt, 'COMMITTED', committedAt, also))) return false
  const { migration } = attempt
  await tx.db.migration.updateMany({ where: { id: migration.id, status: 'VALIDATING' }, data: { validationEndsAt, wayBackSince: validationEndsAt !== null && wayBack ? committedAt : null, acceptAskedAt: null, acceptAskedById: null } })
  if (validationEndsAt !== null) await audit(tx, 'migration.validating', { ...migration, kind: 'migration', name: migration.vm.name }, { after: validationEndsAt.toISOString(), detail: { attempt: attempt.number, wayBack } })
  return true
}
