/** What was said of devices in somebody's hands, and was wrong. Lines of the custody record stay as they are: a further one says what holds, by whom, and why. */
import { DomainError } from '@driftless/domain'
import type { ShipmentStatus } from '@driftless/domain'
import { z } from 'zod'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { lockShipment, moveShipment, noteCustody, shipmentSubject } from './move-shipment.ts'
import type { ShipmentRef } from './move-shipment.ts'
import { demand, noteHandOver, refuseDate } from './shipment-hands.ts'
import type { HandOver } from './shipment-hands.ts'

/** Another carrier, number, time or seal than was said when the devices were handed over; the day of arrival follows. REASON_MISSING, SHIPMENT_STATUS, SHIPMENT_DATE, SHIPMENT_DEVICE_UNKNOWN, SHIPMENT_UNKNOWN. */
export async function correctHandOver(tx: ScopedTx, shipmentId: string, said: HandOver, now: Date): Promise<void> {
  const reason = reasonOf(said.note)
  const shipment = await lockShipment(tx, shipmentId)
  demand(shipment, 'HANDED_OVER')
  refuseDate(shipment, said, now)
  const { data, detail } = await noteHandOver(tx, shipment, said)
  await tx.db.shipment.update({ where: { id: shipmentId }, data })
  await noteCustody(tx, shipment, 'CORRECTED', now, { note: reason, detail })
  await audit(tx, 'shipment.correct', shipmentSubject(shipment), { before: consignment(shipment), after: consignment(said), reason, detail })
}

/** The devices are with the customer again: given to the wrong lorry, or sent back. They can be handed over anew. REASON_MISSING, SHIPMENT_STATUS, SHIPMENT_UNKNOWN. */
export async function takeBackShipment(tx: ScopedTx, shipmentId: string, note: string, now: Date): Promise<void> {
  const reason = reasonOf(note)
  const shipment = await lockShipment(tx, shipmentId)
  demand(shipment, 'HANDED_OVER')
  await moveShipment(tx, shipment, 'PREPARED', now, { carrier: null, trackingNumber: null, handedOverAt: null, expectedAt: null, reachedAt: reachedWithout(shipment, 'HANDED_OVER') }, { what: 'TAKEN_BACK', note: reason })
  await audit(tx, 'shipment.taken-back', shipmentSubject(shipment), { before: consignment(shipment), reason })
}

/** The provider said too early that it has the devices, or took others for them; none was read yet. REASON_MISSING, SHIPMENT_STATUS, SHIPMENT_UNKNOWN. */
export async function denyReceipt(tx: ScopedTx, shipmentId: string, note: string, now: Date): Promise<void> {
  const reason = reasonOf(note)
  const shipment = await lockShipment(tx, shipmentId)
  demand(shipment, 'RECEIVED')
  await moveShipment(tx, shipment, 'HANDED_OVER', now, { reachedAt: reachedWithout(shipment, 'RECEIVED') }, { what: 'NOT_RECEIVED', note: reason })
  await audit(tx, 'shipment.not-received', shipmentSubject(shipment), { reason })
}

function reasonOf(note: string | null): string {
  const reason = note?.trim() ?? ''
  if (reason === '') throw new DomainError('REASON_MISSING', 'Taking back what was said of devices needs a reason.')
  return reason
}

/** A carrier with its number, as one line. */
const consignment = ({ carrier, trackingNumber }: { readonly carrier: string | null; readonly trackingNumber: string | null }) => [carrier, trackingNumber].filter((part) => part !== null).join(', ')

/** When each status was reached, without one that was not reached after all. */
function reachedWithout({ reachedAt }: Pick<ShipmentRef, 'reachedAt'>, status: ShipmentStatus): Record<string, string> {
  return Object.fromEntries(Object.entries(z.record(z.string(), z.string()).parse(reachedAt)).filter(([key]) => key !== status))
}
