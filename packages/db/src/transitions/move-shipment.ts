import { DomainError, SHIPMENT_TRANSITIONS, canTransition } from '@driftless/domain'
import type { ShipmentStatus } from '@driftless/domain'
import { z } from 'zod'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'

/** What a guarded write of a shipment needs to know of it. */
export type ShipmentRef = { readonly id: string; readonly providerId: string; readonly tenantId: string; readonly status: ShipmentStatus; readonly reachedAt: Prisma.JsonValue; readonly wave: { readonly name: string } }
/** For the custody record: in a person's own words, and what was said of the devices. */
export type CustodyWord = { readonly note?: string | null; readonly detail?: Prisma.InputJsonObject; /** The line's name, where it is not the status that was reached. */ readonly what?: string }

const reached = z.record(z.string(), z.string())

/** Takes a shipment's row for the rest of the transaction and reads it; SHIPMENT_UNKNOWN where the scope knows none. */
export async function lockShipment(tx: ScopedTx, shipmentId: string) {
  await tx.db.$executeRaw`SELECT 1 FROM shipment WHERE id = ${shipmentId} FOR UPDATE`
  const shipment = await tx.db.shipment.findUnique({ where: { id: shipmentId }, include: { wave: { select: { name: true } }, devices: true } })
  if (!shipment) throw new DomainError('SHIPMENT_UNKNOWN', 'There is no such shipment.')
  return shipment
}

/**
 * Moves a shipment from the status that was read to `to`, with its line in the custody record and in the audit log. False: somebody
 * else moved it first and nothing was written. Throws when the state table does not know the transition.
 */
export async function moveShipment(tx: ScopedTx, shipment: ShipmentRef, to: ShipmentStatus, now: Date, also: Prisma.ShipmentUncheckedUpdateManyInput = {}, word: CustodyWord = {}): Promise<boolean> {
  if (!canTransition(SHIPMENT_TRANSITIONS, shipment.status, to)) throw new Error(`A shipment never goes from ${shipment.status} to ${to}.`)
  const written = await tx.db.shipment.updateMany({
    where: { id: shipment.id, status: shipment.status },
    data: { status: to, statusChangedAt: now, reachedAt: { ...reached.parse(shipment.reachedAt), [to]: now.toISOString() }, ...also },
  })
  if (written.count !== 1) return false
  await noteCustody(tx, shipment, word.what ?? to, now, word)
  await audit(tx, 'shipment.status', shipmentSubject(shipment), { before: shipment.status, after: to, reason: word.note ?? null, ...(word.detail ? { detail: word.detail } : {}) })
  return true
}

/** Adds a line to the custody record, in the actor's name. */
export async function noteCustody(tx: ScopedTx, { id: shipmentId, providerId, tenantId }: Omit<ShipmentRef, 'status' | 'reachedAt' | 'wave'>, what: string, at: Date, { note, detail }: CustodyWord = {}): Promise<void> {
  await tx.db.shipmentEvent.createMany({ data: { shipmentId, providerId, tenantId, what, at, actorId: tx.actor.id, actorName: tx.actor.name, note: note ?? null, detail: detail ?? {} } })
}

/** A shipment as an audit entry's subject: it is called as its wave is. */
export const shipmentSubject = ({ id, providerId, tenantId, wave }: Omit<ShipmentRef, 'status' | 'reachedAt'>) => ({ id, providerId, tenantId, kind: 'shipment', name: wave.name }) as const
