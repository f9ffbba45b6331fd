import { DomainError, expectedArrival, isCarried } from '@driftless/domain'
import type { ShipmentStatus } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { refuseDays } from './begin-shipment.ts'
import { lockShipment, moveShipment, noteCustody, shipmentSubject } from './move-shipment.ts'
import type { ShipmentRef } from './move-shipment.ts'
import { refuseUnknownPlaces } from './refuse-without-seeds.ts'

/** A clock in a person's browser may be this far from the server's, and says no seconds. */
const CLOCKS_APART_MS = 5 * 60_000

export type HandOver = {
  readonly carrier: string
  readonly trackingNumber: string | null
  readonly handedOverAt: Date
  /** What each device was sealed with; devices without a seal are left out. */
  readonly seals: readonly { readonly place: string; readonly seal: string }[]
  readonly note: string | null
}

/** The customer gives the devices to a carrier. SHIPMENT_STATUS, SHIPMENT_DATE, SHIPMENT_DEVICE_UNKNOWN, SHIPMENT_UNKNOWN. */
export async function handOverShipment(tx: ScopedTx, shipmentId: string, said: HandOver, now: Date): Promise<void> {
  const shipment = await lockShipment(tx, shipmentId)
  demand(shipment, 'PREPARED')
  refuseDate(shipment, said, now)
  const { data, detail } = await noteHandOver(tx, shipment, said)
  await moveShipment(tx, shipment, 'HANDED_OVER', now, data, { note: said.note, detail })
}

/** Why what is said of a hand-over cannot be: SHIPMENT_DATE. */
export function refuseDate({ begunAt }: { readonly begunAt: Date }, { handedOverAt }: HandOver, now: Date): void {
  if (handedOverAt.getTime() > now.getTime() + CLOCKS_APART_MS || handedOverAt.getTime() < begunAt.getTime() - CLOCKS_APART_MS) throw new DomainError('SHIPMENT_DATE', 'Devices are handed over after their shipment began, and not in the future.')
}

/** Writes each device's seal, and answers the rest of what is said of a hand-over: for the shipment's row, and for its records. SHIPMENT_DEVICE_UNKNOWN. */
export async function noteHandOver(tx: ScopedTx, { id: shipmentId, transitDays }: { readonly id: string; readonly transitDays: number }, { carrier, trackingNumber, handedOverAt, seals }: HandOver) {
  await tx.db.shipmentDevice.updateMany({ where: { shipmentId, place: { notIn: seals.map(({ place }) => place) }, seal: { not: null } }, data: { seal: null } })
  for (const { place, seal } of seals) {
    const written = await tx.db.shipmentDevice.updateMany({ where: { shipmentId, place }, data: { seal } })
    if (written.count !== 1) throw new DomainError('SHIPMENT_DEVICE_UNKNOWN', `This shipment has no device ${place}.`, { device: place })
  }
  const expectedAt = new Date(expectedArrival(handedOverAt.getTime(), transitDays))
  const detail = { carrier, trackingNumber, handedOverAt: handedOverAt.toISOString(), expectedAt: expectedAt.toISOString(), seals: Object.fromEntries(seals.map(({ place, seal }) => [place, seal])) }
  return { data: { carrier, trackingNumber, handedOverAt, expectedAt }, detail }
}

/** The provider has the devices. `sealsIntact`: none was opened on the way. SHIPMENT_STATUS, SHIPMENT_UNKNOWN. */
export async function receiveShipment(tx: ScopedTx, shipmentId: string, said: { readonly sealsIntact: boolean; readonly note: string | null }, now: Date): Promise<void> {
  const shipment = await lockShipment(tx, shipmentId)
  demand(shipment, 'HANDED_OVER')
  await moveShipment(tx, shipment, 'RECEIVED', now, {}, { note: said.note, detail: { sealsIntact: said.sealsIntact } })
  if (!said.sealsIntact) await audit(tx, 'shipment.seals-broken', shipmentSubject(shipment), { reason: said.note })
}

/**
 * The provider's staff have connected the devices and say under which places of the target's agent. Said again while it imports, it
 * is tried anew with those places. SHIPMENT_STATUS, SEED_PLACE_UNKNOWN, SHIPMENT_UNKNOWN.
 */
export async function importShipment(tx: ScopedTx, shipmentId: string, places: readonly string[], now: Date): Promise<void> {
  const shipment = await lockShipment(tx, shipmentId)
  demand(shipment, 'RECEIVED', 'IMPORTING')
  refuseUnknownPlaces(await agentOf(tx, shipmentId, 'targetAgentId'), places)
  const targetPlaces = [...places]
  if (shipment.status === 'RECEIVED') await moveShipment(tx, shipment, 'IMPORTING', now, { targetPlaces }, { detail: { places: targetPlaces } })
  else await changePlaces(tx, shipment, { targetPlaces }, targetPlaces, now)
}

/** Other places for the export, when those that were chosen have no room. SHIPMENT_STATUS, SEED_PLACE_UNKNOWN, SHIPMENT_UNKNOWN. */
export async function changeSourcePlaces(tx: ScopedTx, shipmentId: string, places: readonly string[], now: Date): Promise<void> {
  const shipment = await lockShipment(tx, shipmentId)
  demand(shipment, 'PREPARING')
  refuseUnknownPlaces(await agentOf(tx, shipmentId, 'sourceAgentId'), places)
  await changePlaces(tx, shipment, { sourcePlaces: [...places] }, places, now)
}

/** How long the carrier takes; the day of arrival follows. SHIPMENT_STATUS, SHIPMENT_DAYS, SHIPMENT_UNKNOWN. */
export async function changeTransitDays(tx: ScopedTx, shipmentId: string, transitDays: number, now: Date): Promise<void> {
  refuseDays(transitDays)
  const shipment = await lockShipment(tx, shipmentId)
  demand(shipment, 'PREPARING', 'PREPARED', 'HANDED_OVER')
  if (shipment.transitDays === transitDays) return
  const expectedAt = shipment.handedOverAt && new Date(expectedArrival(shipment.handedOverAt.getTime(), transitDays))
  await tx.db.shipment.update({ where: { id: shipmentId }, data: { transitDays, expectedAt } })
  await noteCustody(tx, shipment, 'DAYS', now, { detail: { transitDays } })
  await audit(tx, 'shipment.days', shipmentSubject(shipment), { before: String(shipment.transitDays), after: String(transitDays) })
}

/** The customer gives it up: its VMs go over the wire. Not once the devices were read: SHIPMENT_STATUS. REASON_MISSING, SHIPMENT_UNKNOWN. */
export async function cancelShipment(tx: ScopedTx, shipmentId: string, reason: string, now: Date): Promise<void> {
  if (reason.trim() === '') throw new DomainError('REASON_MISSING', 'Giving up a shipment needs a reason.')
  const shipment = await lockShipment(tx, shipmentId)
  if (!isCarried(shipment.status)) throw wrongStatus(shipment)
  await moveShipment(tx, shipment, 'CANCELLED', now, {}, { note: reason.trim() })
}

async function changePlaces(tx: ScopedTx, shipment: ShipmentRef, data: { sourcePlaces: string[] } | { targetPlaces: string[] }, places: readonly string[], now: Date): Promise<void> {
  await tx.db.shipment.update({ where: { id: shipment.id }, data })
  const detail = { places: [...places] }
  await noteCustody(tx, shipment, 'PLACES', now, { detail })
  await audit(tx, 'shipment.places', shipmentSubject(shipment), { detail })
}

/** The agent of one side, with what it says of its places. */
async function agentOf(tx: ScopedTx, shipmentId: string, side: 'sourceAgentId' | 'targetAgentId') {
  const vm = await tx.db.shipmentVm.findFirst({ where: { shipmentId, migration: { [side]: { not: null } } }, select: { migration: { select: { sourceAgentId: true, targetAgentId: true } } } })
  const id = vm?.migration[side] ?? null
  return id === null ? undefined : ((await tx.db.agent.findUnique({ where: { id }, select: { seedPlaces: true, seedKeys: true } })) ?? undefined)
}

/** SHIPMENT_STATUS, unless the shipment stands at one of these. */
export function demand(shipment: ShipmentRef, ...allowed: readonly ShipmentStatus[]): void {
  if (!allowed.includes(shipment.status)) throw wrongStatus(shipment)
}

const wrongStatus = ({ status, wave }: ShipmentRef) => new DomainError('SHIPMENT_STATUS', `The shipment of ${wave.name} is ${status}: this cannot be done now.`, { wave: wave.name })
