import type { ScopedTx } from '../scope.ts'

/** An order as it is carried to agents. */
export type CarriedOrder = { readonly id: string; readonly migrationId: string; readonly kind: 'CUTOVER' | 'DISCARD' | 'RETURN'; readonly bookingId: string | null; readonly payload: string; readonly signature: string }

/** The latest orders of these migrations: of each one at most to discard it and to return it, and those for each window that go was said for. */
export async function readLatestOrders(tx: ScopedTx, migrationIds: readonly string[]): Promise<CarriedOrder[]> {
  if (migrationIds.length === 0) return []
  return tx.db.signedOrder.findMany({
    where: { migrationId: { in: [...migrationIds] } },
    select: { id: true, migrationId: true, kind: true, bookingId: true, payload: true, signature: true },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], distinct: ['migrationId', 'kind', 'bookingId'],
  })
}
