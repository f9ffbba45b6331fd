import { DomainError, isLinkRate } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** One VM's own caps, beside its wave's; what is left out stays. Bytes per second, null for none. */
export type MigrationControls = { readonly rateBytesPerSecond?: bigint | null | undefined; readonly guestWriteBytesPerSecond?: bigint | null | undefined }

/** Applies the caps, with an audit entry for each that really changed. MIGRATION_UNKNOWN, LINK_RATE. */
export async function controlMigration(tx: ScopedTx, migrationId: string, controls: MigrationControls): Promise<void> {
  const migration = await tx.db.migration.findUnique({ where: { id: migrationId }, include: { vm: { select: { name: true } } } })
  if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration.')
  const subject = { ...migration, kind: 'migration', name: migration.vm.name } as const
  const { rateBytesPerSecond, guestWriteBytesPerSecond } = controls
  for (const rate of [rateBytesPerSecond, guestWriteBytesPerSecond]) {
    if (rate !== undefined && !isLinkRate(rate)) throw new DomainError('LINK_RATE', 'A rate lies between 8 kbit/s and 400 Gbit/s.')
  }
  if (rateBytesPerSecond !== undefined && rateBytesPerSecond !== migration.rateBytesPerSecond) {
    await tx.db.migration.updateMany({ where: { id: migrationId }, data: { rateBytesPerSecond } })
    await audit(tx, 'migration.rate', subject, { before: text(migration.rateBytesPerSecond), after: text(rateBytesPerSecond) })
  }
  if (guestWriteBytesPerSecond !== undefined && guestWriteBytesPerSecond !== migration.guestWriteBytesPerSecond) {
    await tx.db.migration.updateMany({ where: { id: migrationId }, data: { guestWriteBytesPerSecond } })
    await audit(tx, 'migration.throttle', subject, { before: text(migration.guestWriteBytesPerSecond), after: text(guestWriteBytesPerSecond) })
  }
}

function text(limit: bigint | null): string {
  return limit === null ? 'none' : String(limit)
}
