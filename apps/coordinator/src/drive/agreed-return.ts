import { beginReturn } from '@driftless/db'
import type { AttemptRef, MigrationFacts, ScopedTx } from '@driftless/db'

/**
 * The validation period ended and the VM goes home, as agreed on. The order is the one that was signed with the go for the
 * attempt's window; where a way back needs one and there is none, the agents refuse and the VM runs on.
 */
export async function beginAgreedReturn(tx: ScopedTx, { migration, now }: MigrationFacts, attempt: AttemptRef & { readonly bookingId: string }): Promise<boolean> {
  const order = await tx.db.signedOrder.findFirst({ where: { migrationId: migration.id, kind: 'RETURN', bookingId: attempt.bookingId }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], select: { id: true } })
  return beginReturn(tx, migration, { attempt: attempt.number, wayBack: migration.wayBackSince !== null, byDefault: true, orderId: order?.id ?? null, reason: 'The validation period ended without a decision; the wave agreed to go back then.' }, now)
}
