import { MIGRATION_TRANSITIONS, canTransition, ownerOf } from '@driftless/domain'
import type { MigrationStatus, WaitReason } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'

/** What a guarded write of a migration needs to know of it. */
export type MigrationRef = {
  readonly id: string
  readonly providerId: string
  readonly tenantId: string
  readonly status: MigrationStatus
  readonly vm: { readonly name: string }
}

/**
 * Moves a migration from the status that was read to `to`. False: somebody else moved it first and
 * nothing was written. Throws when the state table does not know the transition: a fault of ours.
 */
export async function moveMigration(
  tx: ScopedTx,
  migration: MigrationRef,
  to: MigrationStatus,
  also: Prisma.MigrationUncheckedUpdateManyInput = {},
  said: { readonly reason?: string | null; readonly detail?: Prisma.InputJsonObject } = {},
): Promise<boolean> {
  if (!canTransition(MIGRATION_TRANSITIONS, migration.status, to)) throw new Error(`A migration never goes from ${migration.status} to ${to}.`)
  const written = await tx.db.migration.updateMany({
    where: { id: migration.id, status: migration.status },
    data: { status: to, statusChangedAt: new Date(), waitReason: null, waitDetail: null, ...also },
  })
  if (written.count !== 1) return false
  await audit(tx, 'migration.status', { ...migration, kind: 'migration', name: migration.vm.name }, { before: migration.status, after: to, ...said })
  return true
}

/** Holds a migration until somebody acts; it remembers where it goes on. */
export function blockMigration(tx: ScopedTx, migration: MigrationRef, reason: WaitReason, detail: string): Promise<boolean> {
  return moveMigration(tx, migration, 'BLOCKED', { resumeStatus: migration.status, waitReason: reason, waitDetail: detail }, { reason: detail, detail: { code: reason, owner: ownerOf(reason) } })
}

/** Notes why a migration does not move on. No status changes, so no audit entry; writes only what is new. */
export async function noteWait(tx: ScopedTx, migration: { readonly id: string; readonly waitReason: string | null; readonly waitDetail: string | null }, reason: WaitReason, detail: string | null): Promise<void> {
  if (migration.waitReason === reason && migration.waitDetail === detail) return
  await tx.db.migration.updateMany({ where: { id: migration.id }, data: { waitReason: reason, waitDetail: detail } })
}
