import { CUTOVER_HARMLESS, CUTOVER_TRANSITIONS, canTransition } from '@driftless/domain'
import type { CutoverForecast, CutoverStatus } from '@driftless/domain'
import { z } from 'zod'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { moveMigration } from './move-migration.ts'
import type { MigrationRef } from './move-migration.ts'

/** What a guarded write of an attempt needs to know of it. */
export type AttemptRef = {
  readonly id: string
  readonly number: number
  readonly status: CutoverStatus
  readonly reachedAt: Prisma.JsonValue
  readonly migration: MigrationRef
}

const reached = z.record(z.string(), z.string())

/** Opens attempt `number` of a migration that is READY_FOR_CUTOVER, in PREFLIGHT, with what it is expected to take. False when it is no longer. */
export async function beginAttempt(tx: ScopedTx, migration: MigrationRef, bookingId: string, number: number, now: Date, forecast: CutoverForecast | null = null): Promise<boolean> {
  if (!(await moveMigration(tx, migration, 'CUTTING_OVER', { cutoverRequestedAt: null }, { detail: { attempt: number } }))) return false
  const { providerId, tenantId, id: migrationId } = migration
  await tx.db.cutoverAttempt.create({ data: { providerId, tenantId, migrationId, bookingId, number, statusChangedAt: now, reachedAt: { PREFLIGHT: now.toISOString() }, ...(forecast === null ? {} : { forecast: { parts: forecast.parts, total: forecast.total } }) } })
  return true
}

/** Moves an attempt on; `also` carries what was observed on the way, `reason` why it failed. False when somebody else moved it. */
export async function advanceAttempt(tx: ScopedTx, attempt: AttemptRef, to: CutoverStatus, now: Date, also: Prisma.CutoverAttemptUncheckedUpdateManyInput = {}, reason: string | null = null): Promise<boolean> {
  if (!canTransition(CUTOVER_TRANSITIONS, attempt.status, to)) throw new Error(`A cutover attempt never goes from ${attempt.status} to ${to}.`)
  const written = await tx.db.cutoverAttempt.updateMany({
    where: { id: attempt.id, status: attempt.status },
    data: { status: to, statusChangedAt: now, reachedAt: { ...reached.parse(attempt.reachedAt), [to]: now.toISOString() }, ...also },
  })
  if (written.count !== 1) return false
  const { migration } = attempt
  await audit(tx, 'cutover.status', { ...migration, kind: 'cutover-attempt', id: attempt.id, name: migration.vm.name }, { before: attempt.status, after: to, reason, detail: { attempt: attempt.number } })
  if (typeof also.poweredOffBy === 'string') await audit(tx, 'cutover.powered-off', { ...migration, kind: 'cutover-attempt', id: attempt.id, name: migration.vm.name }, { after: also.poweredOffBy, detail: { attempt: attempt.number } })
  if (to === 'VALIDATING') await moveMigration(tx, migration, 'VALIDATING')
  return true
}

/**
 * Ends an attempt before it was accepted. The migration goes back to replicating (and the source agent, by desired
 * state, powers the source on again once no shadow VM runs); the replica stays.
 */
export async function rollBackAttempt(tx: ScopedTx, attempt: AttemptRef, code: string, message: string): Promise<boolean> {
  const now = new Date()
  const harmless = CUTOVER_HARMLESS.includes(attempt.status)
  const booted = attempt.status === 'TARGET_BOOTING' || attempt.status === 'VALIDATING'
  const also = { failureCode: code, failureMessage: message, ...(harmless ? { sourceReturnedAt: now } : {}), ...(booted ? {} : { shadowGoneAt: now }) }
  if (!(await advanceAttempt(tx, attempt, 'ROLLED_BACK', now, also, message))) return false
  await moveMigration(tx, attempt.migration, 'REPLICATING', { cutoverRequestedAt: null }, { reason: message, detail: { attempt: attempt.number, code } })
  return true
}

/** Notes that no shadow VM of a failed attempt runs: the source may be powered on. */
export async function noteShadowGone(tx: ScopedTx, attempt: AttemptRef, now: Date): Promise<boolean> {
  const written = await tx.db.cutoverAttempt.updateMany({ where: { id: attempt.id, shadowGoneAt: null }, data: { shadowGoneAt: now } })
  if (written.count !== 1) return false
  await audit(tx, 'cutover.shadow-gone', { ...attempt.migration, kind: 'cutover-attempt', id: attempt.id, name: attempt.migration.vm.name }, { detail: { attempt: attempt.number } })
  return true
}

/** Notes that the source runs again after a failed attempt. */
export async function noteSourceReturned(tx: ScopedTx, attempt: AttemptRef, now: Date): Promise<boolean> {
  const written = await tx.db.cutoverAttempt.updateMany({ where: { id: attempt.id, sourceReturnedAt: null }, data: { sourceReturnedAt: now } })
  if (written.count !== 1) return false
  await audit(tx, 'cutover.source-returned', { ...attempt.migration, kind: 'cutover-attempt', id: attempt.id, name: attempt.migration.vm.name }, { detail: { attempt: attempt.number } })
  return true
}
