import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { signCutovers } from './sign-order.ts'
import type { OrderSigner } from './sign-order.ts'

export type GoNoGoInput = { readonly waveId: string; readonly bookingId: string; readonly decision: 'GO' | 'NO_GO'; readonly reason: string | null }

/**
 * The approver's word before any source of the wave is stopped. It belongs to one approved booking and ends with it.
 * OWN_REQUEST when the approver booked the window: two people are needed. A no-go needs a reason. A go is signed for each VM:
 * agents obey nothing less.
 */
export async function decideGoNoGo(tx: ScopedTx, input: GoNoGoInput, signer: OrderSigner): Promise<void> {
  if (input.decision === 'NO_GO' && !input.reason?.trim()) throw new DomainError('REASON_MISSING', 'A no-go needs a reason.')
  const booking = await tx.db.booking.findUnique({ where: { id: input.bookingId }, include: { wave: true } })
  if (!booking || booking.waveId !== input.waveId) throw new DomainError('BOOKING_UNKNOWN', 'There is no such booking.')
  if (!['APPROVED', 'LOCKED', 'IN_PROGRESS'].includes(booking.status)) throw new DomainError('BOOKING_NOT_APPROVED', 'The service window is not approved.')
  if (booking.requestedById === tx.actor.id) throw new DomainError('OWN_REQUEST', 'Nobody decides on their own request.')
  const decidedAt = new Date()
  await tx.db.goNoGo.create({
    data: { providerId: booking.providerId, tenantId: booking.tenantId, waveId: booking.waveId, bookingId: booking.id, decision: input.decision, reason: input.reason, decidedById: tx.actor.id ?? 'system', decidedAt },
  })
  await audit(tx, input.decision === 'GO' ? 'wave.go' : 'wave.no-go', { ...booking.wave, kind: 'wave' }, { after: input.decision, reason: input.reason })
  if (input.decision === 'GO') await signCutovers(tx, signer, booking, decidedAt)
}
