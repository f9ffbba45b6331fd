import { isDamageTold, isShipmentLate } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ShipmentFacts, ShipmentFactsVm } from '../queries/shipment-facts.ts'
import type { ScopedTx } from '../scope.ts'
import { noteCustody, shipmentSubject } from './move-shipment.ts'

/** Stores the devices that the source's agent has written to, each once, with all that lies on it; those it no longer names are forgotten. */
export async function noteDevices(tx: ScopedTx, { shipment, vms }: ShipmentFacts): Promise<void> {
  const { id: shipmentId, providerId, tenantId } = shipment
  const said = vms.flatMap(({ sourceSeed }) => sourceSeed?.devices ?? [])
  const places = [...new Set(said.map(({ place }) => place))].toSorted()
  for (const place of places) {
    const on = said.filter((one) => one.place === place)
    const data = { deviceIds: on.map(({ deviceId }) => deviceId).toSorted(), storedBytes: BigInt(on.reduce((sum, { storedBytes }) => sum + storedBytes, 0)) }
    const known = shipment.devices.find((one) => one.place === place)
    if (known?.storedBytes === data.storedBytes && known.deviceIds.join() === data.deviceIds.join()) continue
    await tx.db.shipmentDevice.upsert({ where: { shipmentId_place: { shipmentId, place } }, create: { shipmentId, place, providerId, tenantId, ...data }, update: data })
  }
  if (shipment.devices.some(({ place }) => !places.includes(place))) await tx.db.shipmentDevice.deleteMany({ where: { shipmentId, place: { notIn: places } } })
}

/** Keeps what was said of one VM's seed at a moment that the evidence rests on: agents forget it. */
export async function noteShipmentVm(tx: ScopedTx, { shipmentId, migrationId }: ShipmentFactsVm['row'], data: Prisma.ShipmentVmUncheckedUpdateManyInput): Promise<void> {
  await tx.db.shipmentVm.updateMany({ where: { shipmentId, migrationId }, data })
}

/** Puts what the target refuses into the custody record and the audit log, once until something else is said. */
export async function noteDeviceRefusals(tx: ScopedTx, { shipment, vms, record }: ShipmentFacts, now: Date): Promise<void> {
  for (const { row, name, targetSeed, placesHeard } of vms) {
    if (placesHeard.target) await noteProblem(tx, shipment, 'REFUSED', targetSeed?.problem ?? null, { migrationId: row.migrationId, vm: name, places: shipment.targetPlaces }, record.refusals, now)
  }
}

/** The same of what keeps the source from writing its devices. */
export async function noteExportProblems(tx: ScopedTx, { shipment, vms, record }: ShipmentFacts, now: Date): Promise<void> {
  for (const { row, name, exportProblem, placesHeard, ended } of vms) {
    if (placesHeard.source && !ended) await noteProblem(tx, shipment, 'HELD', exportProblem, { migrationId: row.migrationId, vm: name, places: shipment.sourcePlaces }, record.holds, now)
  }
}

type Told = ShipmentFacts['record']['refusals'][number]
async function noteProblem(tx: ScopedTx, shipment: ShipmentFacts['shipment'], what: 'REFUSED' | 'HELD', problem: { readonly code: string; readonly message: string } | null, about: { readonly migrationId: string; readonly vm: string; readonly places: readonly string[] }, told: readonly Told[], now: Date): Promise<void> {
  if (problem === null) return
  const said = { migrationId: about.migrationId, code: problem.code, places: about.places.join(', ') }
  if (told.some((one) => one.migrationId === said.migrationId && one.code === said.code && one.places === said.places)) return
  const detail = { ...said, vm: about.vm }
  await noteCustody(tx, shipment, what, now, { note: problem.message, detail })
  await audit(tx, what === 'REFUSED' ? 'shipment.refused' : 'shipment.held', shipmentSubject(shipment), { reason: problem.message, detail })
}

/** Says once of each day on which the devices were expected that it has passed without them. */
export async function noteLateness(tx: ScopedTx, { shipment, record }: ShipmentFacts, now: Date): Promise<void> {
  const { status, expectedAt } = shipment
  if (expectedAt === null || !isShipmentLate(status, expectedAt.getTime(), now.getTime())) return
  const detail = { expectedAt: expectedAt.toISOString() }
  if (record.lateFor.includes(detail.expectedAt)) return
  await noteCustody(tx, shipment, 'LATE', now, { detail })
  await audit(tx, 'shipment.late', shipmentSubject(shipment), { detail })
}

/** Says of a seed that was read that much of it was damaged or missing. */
export async function noteDamage(tx: ScopedTx, { shipment }: ShipmentFacts, { row, name }: ShipmentFactsVm, { damagedBytes, totalBytes }: { readonly damagedBytes: number; readonly totalBytes: number }, now: Date): Promise<void> {
  if (!isDamageTold(damagedBytes, totalBytes)) return
  const detail = { migrationId: row.migrationId, vm: name, damagedBytes, seedBytes: totalBytes }
  await noteCustody(tx, shipment, 'DAMAGED', now, { detail })
  await audit(tx, 'shipment.damaged', shipmentSubject(shipment), { detail })
}
