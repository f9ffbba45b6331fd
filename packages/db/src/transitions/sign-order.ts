import { randomUUID } from 'node:crypto'
import { cutoverOrderEndsMs, discardOrderEndsMs, MIGRATION_ENDED } from '@driftless/domain'
import { audit } from '../audit.ts'
import { orderPlanOf } from '../queries/order-plan.ts'
import type { PlanToOrder } from '../queries/order-plan.ts'
import type { ScopedTx } from '../scope.ts'

type SignedText = { readonly payload: string; readonly signature: string }
type Decision = { readonly id: string; readonly migrationId: string; readonly decidedBy: { readonly id: string; readonly name: string }; readonly decidedAt: Date; readonly expiresAt: Date }
type Window = { readonly startsAt: Date; readonly lockoutAt: Date; readonly endsAt: Date }

/** Signs what people decide. The key is the portal's alone, so it is passed down; the database's own code never sees it. */
export type OrderSigner = {
  readonly keyId: string
  readonly cutover: (decision: Decision & { readonly plan: PlanToOrder; readonly waveId: string; readonly bookingId: string; readonly window: Window }) => SignedText
  readonly discard: (decision: Decision & { readonly sourceAgentId: string; readonly targetAgentId: string }) => SignedText
}

/** The approver's go, signed once for every VM of the wave that is not over and whose agents are known. */
export async function signCutovers(tx: ScopedTx, signer: OrderSigner, booking: Window & { readonly id: string; readonly waveId: string }, decidedAt: Date): Promise<void> {
  const migrations = await tx.db.migration.findMany({
    where: { waveId: booking.waveId, status: { notIn: [...MIGRATION_ENDED] } },
    include: { vm: true, wave: true, replications: { orderBy: { diskKey: 'asc' } } }, orderBy: { id: 'asc' },
  })
  for (const migration of migrations) {
    const plan = orderPlanOf(migration)
    if (plan === null) continue
    const { startsAt, lockoutAt, endsAt } = booking
    const decision = { ...decisionOf(tx, migration.id, decidedAt), expiresAt: new Date(cutoverOrderEndsMs(endsAt.getTime(), migration.wave.shutdownSeconds)) }
    await keep(tx, migration, 'CUTOVER', booking.id, decision, signer.keyId, signer.cutover({ ...decision, plan, waveId: booking.waveId, bookingId: booking.id, window: { startsAt, lockoutAt, endsAt } }))
  }
}

/** A person's word that a migration is given up, signed for its agents; none were chosen: there is nothing to discard. */
export async function signDiscard(tx: ScopedTx, signer: OrderSigner, migration: MigrationOfOrder & { readonly sourceAgentId: string | null; readonly targetAgentId: string | null }, decidedAt: Date): Promise<void> {
  const { sourceAgentId, targetAgentId } = migration
  if (sourceAgentId === null || targetAgentId === null) return
  const decision = { ...decisionOf(tx, migration.id, decidedAt), expiresAt: new Date(discardOrderEndsMs(decidedAt.getTime())) }
  await keep(tx, migration, 'DISCARD', null, decision, signer.keyId, signer.discard({ ...decision, sourceAgentId, targetAgentId }))
}

type MigrationOfOrder = { readonly id: string; readonly providerId: string; readonly tenantId: string; readonly vm: { readonly name: string } }

function decisionOf({ actor }: ScopedTx, migrationId: string, decidedAt: Date) {
  return { id: randomUUID(), migrationId, decidedBy: { id: actor.id ?? 'system', name: actor.name }, decidedAt }
}

async function keep(tx: ScopedTx, migration: MigrationOfOrder, kind: 'CUTOVER' | 'DISCARD', bookingId: string | null, { id, expiresAt }: Decision, keyId: string, { payload, signature }: SignedText): Promise<void> {
  const { providerId, tenantId, id: migrationId } = migration
  await tx.db.signedOrder.create({ data: { id, providerId, tenantId, migrationId, bookingId, kind, payload, signature, keyId } })
  await audit(tx, 'order.sign', { ...migration, kind: 'migration', name: migration.vm.name }, { after: kind, detail: { order: id, key: keyId, expiresAt: expiresAt.toISOString() } })
}
