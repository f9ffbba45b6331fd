import { randomUUID } from 'node:crypto'
import { agreedReturnEndsMs, cutoverOrderEndsMs, discardOrderEndsMs, MIGRATION_ENDED, returnOrderEndsMs } from '@driftless/domain'
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
  readonly cutover: (decision: Decision & { readonly plan: PlanToOrder; readonly waveId: string; readonly bookingId: string; readonly window: Window; readonly powerOffAfterSeconds?: number }) => SignedText
  readonly discard: (decision: Decision & { readonly sourceAgentId: string; readonly targetAgentId: string }) => SignedText
  readonly goHome: (decision: Decision & { readonly sourceAgentId: string; readonly targetAgentId: string }) => SignedText
}

/**
 * The approvers' go, signed once for every VM of the wave that is not over and whose agents are known, for `window`: the booked one
 * as the approval policy narrows it.
 */
export async function signCutovers(tx: ScopedTx, signer: OrderSigner, booking: Window & { readonly id: string; readonly waveId: string }, window: Window, decidedAt: Date): Promise<void> {
  const migrations = await tx.db.migration.findMany({
    where: { waveId: booking.waveId, status: { notIn: [...MIGRATION_ENDED] } },
    include: { vm: true, wave: true, replications: { orderBy: { diskKey: 'asc' } } }, orderBy: { id: 'asc' },
  })
  for (const migration of migrations) {
    const plan = orderPlanOf(migration)
    if (plan === null) continue
    const decision = { ...decisionOf(tx, migration.id, decidedAt), expiresAt: new Date(cutoverOrderEndsMs(booking.endsAt.getTime(), migration.wave.shutdownSeconds)) }
    const harder = migration.wave.shutdownRefusal === 'POWER_OFF' ? { powerOffAfterSeconds: migration.wave.shutdownSeconds } : {}
    await keep(tx, migration, 'CUTOVER', booking.id, decision, signer.keyId, signer.cutover({ ...decision, plan, waveId: booking.waveId, bookingId: booking.id, window, ...harder }))
    await signAgreedReturn(tx, signer, migration, booking, decidedAt)
  }
}

type Agents = { readonly sourceAgentId: string | null; readonly targetAgentId: string | null }

/** A person's word that a migration is given up, signed for its agents; none were chosen: there is nothing to discard. */
export async function signDiscard(tx: ScopedTx, signer: OrderSigner, migration: MigrationOfOrder & Agents, decidedAt: Date): Promise<void> {
  await signEnding(tx, signer, migration, { kind: 'DISCARD', bookingId: null, endsAtMs: discardOrderEndsMs(decidedAt.getTime()) }, decidedAt)
}

/** A person's word that a VM goes home, signed for its agents. Resolves to the order's id; null: no agents were chosen. */
export function signReturn(tx: ScopedTx, signer: OrderSigner, migration: MigrationOfOrder & Agents, decidedAt: Date): Promise<string | null> {
  return signEnding(tx, signer, migration, { kind: 'RETURN', bookingId: null, endsAtMs: returnOrderEndsMs(decidedAt.getTime()) }, decidedAt)
}

/**
 * Where the wave agreed that a VM goes home unless somebody accepts it, nobody is there to sign when the time is over: the go
 * signs it, for as long as that may take. Without a way back agents ask for no order, as the VM was not handed over.
 */
async function signAgreedReturn(tx: ScopedTx, signer: OrderSigner, migration: MigrationOfOrder & Agents & { readonly wave: { readonly shutdownSeconds: number; readonly validationMinutes: number; readonly validationDefault: string; readonly keepWayBack: boolean } }, booking: Window & { readonly id: string }, decidedAt: Date): Promise<void> {
  const { shutdownSeconds, validationMinutes, validationDefault, keepWayBack } = migration.wave
  if (validationMinutes === 0 || validationDefault !== 'ROLL_BACK' || !keepWayBack) return
  await signEnding(tx, signer, migration, { kind: 'RETURN', bookingId: booking.id, endsAtMs: agreedReturnEndsMs(booking.endsAt.getTime(), shutdownSeconds, validationMinutes) }, decidedAt)
}

/** What ends a migration, or a VM's stay at the target, says no more than whose it is. Resolves to the order's id; null: no agents were chosen. */
async function signEnding(tx: ScopedTx, signer: OrderSigner, migration: MigrationOfOrder & Agents, { kind, bookingId, endsAtMs }: { readonly kind: 'DISCARD' | 'RETURN'; readonly bookingId: string | null; readonly endsAtMs: number }, decidedAt: Date): Promise<string | null> {
  const { sourceAgentId, targetAgentId } = migration
  if (sourceAgentId === null || targetAgentId === null) return null
  const decision = { ...decisionOf(tx, migration.id, decidedAt), expiresAt: new Date(endsAtMs) }
  const sign = kind === 'DISCARD' ? signer.discard : signer.goHome
  await keep(tx, migration, kind, bookingId, decision, signer.keyId, sign({ ...decision, sourceAgentId, targetAgentId }))
  return decision.id
}

type MigrationOfOrder = { readonly id: string; readonly providerId: string; readonly tenantId: string; readonly vm: { readonly name: string } }

function decisionOf({ actor }: ScopedTx, migrationId: string, decidedAt: Date) {
  return { id: randomUUID(), migrationId, decidedBy: { id: actor.id ?? 'system', name: actor.name }, decidedAt }
}

async function keep(tx: ScopedTx, migration: MigrationOfOrder, kind: 'CUTOVER' | 'DISCARD' | 'RETURN', bookingId: string | null, { id, expiresAt }: Decision, keyId: string, { payload, signature }: SignedText): Promise<void> {
  const { providerId, tenantId, id: migrationId } = migration
  await tx.db.signedOrder.create({ data: { id, providerId, tenantId, migrationId, bookingId, kind, payload, signature, keyId } })
  await audit(tx, 'order.sign', { ...migration, kind: 'migration', name: migration.vm.name }, { after: kind, detail: { order: id, key: keyId, expiresAt: expiresAt.toISOString() } })
}
