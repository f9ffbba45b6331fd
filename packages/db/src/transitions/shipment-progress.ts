import type { Prisma } from '../generated/client.ts'
import type { ShipmentFacts, ShipmentFactsVm } from '../queries/shipment-facts.ts'
import type { ScopedTx } from '../scope.ts'
import { noteCustody } from './move-shipment.ts'

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

/** Puts a refusal of the devices into the custody record, once until something else is said. */
export async function noteDeviceRefusals(tx: ScopedTx, { shipment, vms, refusals }: ShipmentFacts, now: Date): Promise<void> {
  for (const { row, name, targetSeed, placesHeard } of vms) {
    const problem = targetSeed?.problem
    if (!problem || !placesHeard) continue
    const said = { migrationId: row.migrationId, code: problem.code, places: shipment.targetPlaces.join(', ') }
    if (refusals.some((one) => one.migrationId === said.migrationId && one.code === said.code && one.places === said.places)) continue
    await noteCustody(tx, shipment, 'REFUSED', now, { note: problem.message, detail: { ...said, vm: name } })
  }
}
