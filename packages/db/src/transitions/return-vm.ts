import { DomainError, RETURN_TRANSITIONS, RETURN_UNDER_WAY, canTransition, firstOfReturn } from '@driftless/domain'
import type { ReturnStatus } from '@driftless/domain'
import { z } from 'zod'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import { lockMigration } from '../queries/migration-view.ts'
import type { ScopedTx } from '../scope.ts'
import { endBilling } from './bill-stay.ts'
import type { BilledMigration } from './bill-stay.ts'
import { moveMigration } from './move-migration.ts'
import type { MigrationRef } from './move-migration.ts'
import { signDiscard, signReturn } from './sign-order.ts'
import type { OrderSigner } from './sign-order.ts'

/** What a guarded write of a return needs to know of it. */
export type ReturnRef = { readonly id: string; readonly attempt: number; readonly status: ReturnStatus; readonly wayBack: boolean; readonly reachedAt: Prisma.JsonValue; readonly migration: MigrationRef & BilledMigration }

export type ReturnRequest = {
  readonly migrationId: string
  readonly reason: string
  /** The VM's name, typed, where what it wrote at the target would be lost. */
  readonly confirmedName: string | null
}

const reached = z.record(z.string(), z.string())

/**
 * A person sends a VM home: during its validation period, or later while its way back is kept. With the way back nothing is
 * lost; without, what it wrote at the target is, which its typed name confirms (NAME_NOT_CONFIRMED). Signed for the agents: none
 * gives a VM up without. NOT_AT_TARGET, WAY_BACK_NOT_CONNECTED, VALIDATION_DECIDED, REASON_MISSING say what stands in the way.
 */
export async function returnVm(tx: ScopedTx, { migrationId, reason, confirmedName }: ReturnRequest, signer: OrderSigner, now: Date): Promise<void> {
  if (reason.trim() === '') throw new DomainError('REASON_MISSING', 'A return needs a reason.')
  await lockMigration(tx, migrationId)
  const migration = await tx.db.migration.findUnique({ where: { id: migrationId }, include: { vm: true, attempts: { orderBy: { number: 'desc' }, take: 1 }, returns: { where: { status: { in: [...RETURN_UNDER_WAY] } } } } })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  const vm = { vm: migration.vm.name }
  const attempt = migration.attempts[0]
  const wayBack = migration.wayBackSince !== null
  const validating = migration.status === 'VALIDATING' && migration.validationEndsAt !== null
  if (attempt?.status !== 'COMMITTED' || !(validating || (migration.status === 'COMPLETED' && wayBack))) throw new DomainError('NOT_AT_TARGET', `${vm.vm} cannot be returned: it is neither being validated nor is its way back kept.`, vm)
  if (migration.acceptAskedAt !== null && validating) throw new DomainError('VALIDATION_DECIDED', `${vm.vm} was accepted already.`, vm)
  if (migration.returns.length > 0) throw new DomainError('VALIDATION_DECIDED', `${vm.vm} is being returned to its source already.`, vm)
  // The VM is shut down first: with nobody there to take the rest it would be off for nothing.
  if (wayBack && !connected.safeParse(migration.targetObserved).success) throw new DomainError('WAY_BACK_NOT_CONNECTED', `The source of ${vm.vm} does not follow it at the moment.`, vm)
  if (!wayBack && confirmedName !== vm.vm) throw new DomainError('NAME_NOT_CONFIRMED', `What ${vm.vm} wrote at the target would be lost; its name must be typed.`, vm)
  const orderId = await signReturn(tx, signer, migration, now)
  // An accepted migration ends with its return, and its replica with it.
  if (migration.status === 'COMPLETED') await signDiscard(tx, signer, migration, now)
  await beginReturn(tx, migration, { attempt: attempt.number, wayBack, byDefault: false, orderId, reason: reason.trim() }, now)
}

const connected = z.object({ wayBack: z.object({ connected: z.literal(true) }) })

/** Opens a return. Its caller holds the migration's row and has made sure that there is none under way. */
export async function beginReturn(tx: ScopedTx, migration: MigrationRef, begun: { readonly attempt: number; readonly wayBack: boolean; readonly byDefault: boolean; readonly orderId: string | null; readonly reason: string }, now: Date): Promise<boolean> {
  const { id: migrationId, providerId, tenantId } = migration
  const status = firstOfReturn(begun.wayBack)
  await tx.db.vmReturn.create({ data: { providerId, tenantId, migrationId, ...begun, status, statusChangedAt: now, reachedAt: { [status]: now.toISOString() }, askedById: tx.actor.id, askedByName: tx.actor.name, askedAt: now } })
  await audit(tx, 'return.begin', { ...migration, kind: 'migration', name: migration.vm.name }, { after: status, reason: begun.reason, detail: { attempt: begun.attempt, wayBack: begun.wayBack, byDefault: begun.byDefault } })
  return true
}

/**
 * Moves a return on; `also` carries the proof or the failure. RETURNED takes the migration along: one that was not accepted
 * replicates again; one that was is ROLLED_BACK, and its billing at the target ends. False when somebody else moved it.
 */
export async function advanceReturn(tx: ScopedTx, { id, attempt, status, wayBack, reachedAt, migration }: ReturnRef, to: ReturnStatus, now: Date, also: Prisma.VmReturnUncheckedUpdateManyInput = {}, reason: string | null = null): Promise<boolean> {
  if (!canTransition(RETURN_TRANSITIONS, status, to)) throw new Error(`A return never goes from ${status} to ${to}.`)
  const written = await tx.db.vmReturn.updateMany({ where: { id, status }, data: { status: to, statusChangedAt: now, reachedAt: { ...reached.parse(reachedAt), [to]: now.toISOString() }, ...also } })
  if (written.count !== 1) return false
  const subject = { ...migration, kind: 'migration', name: migration.vm.name } as const
  await audit(tx, 'return.status', subject, { before: status, after: to, reason, detail: { attempt } })
  if (to === 'CALLED_OFF') await tx.db.migration.updateMany({ where: { id: migration.id }, data: { waitReason: null, waitDetail: null } })
  if (to !== 'RETURNED') return true
  const accepted = migration.status === 'COMPLETED'
  await moveMigration(tx, migration, accepted ? 'ROLLED_BACK' : 'REPLICATING', { validationEndsAt: null, wayBackSince: null, acceptAskedAt: null, acceptAskedById: null, cutoverRequestedAt: null, ...(accepted ? { endedAt: now } : {}) })
  if (accepted) await endBilling(tx, migration, attempt, now)
  await audit(tx, 'migration.returned', subject, { after: now.toISOString(), detail: { attempt, wayBack, accepted } })
  return true
}

/** The VM runs on at the target, with everything that it wrote. */
export function callOffReturn(tx: ScopedTx, ref: ReturnRef, code: string, message: string, now: Date): Promise<boolean> {
  return advanceReturn(tx, ref, 'CALLED_OFF', now, { failureCode: code, failureMessage: message }, message)
}
