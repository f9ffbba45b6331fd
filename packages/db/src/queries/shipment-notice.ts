import { isDamageTold, isProviderRole, isSeedProblem, isShipmentLate, shipmentNoticeVoid } from '@driftless/domain'
import type { ShipmentNoticeKind, UserRole } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { exportProblemOf, targetSeedOf } from './seed-facts.ts'
import { SITE_ZONE, siteZoneOf } from './site-zone.ts'

/** What a mail about a shipment says, as it stands now; or why it is not to be said any more. */
export async function readShipmentNotice(tx: ScopedTx, kind: ShipmentNoticeKind, shipmentId: string | null, reader: { readonly role: UserRole }, now: Date) {
  const shipment = await tx.db.shipment.findUnique({
    where: { id: shipmentId ?? '' },
    include: {
      devices: { select: { place: true } }, events: { where: { what: 'HANDED_OVER' }, select: { id: true }, take: 1 },
      vms: { include: { migration: { select: { position: true, sourceObserved: true, targetObserved: true, vm: { select: { name: true } } } } } },
      wave: { select: { site: { select: { name: true } }, destination: { select: { targetSite: { select: { name: true, ...SITE_ZONE } } } } } },
    },
  })
  if (shipment === null) return { void: 'UNKNOWN' as const }
  const staff = isProviderRole(reader.role)
  const vms = shipment.vms.toSorted((a, b) => a.migration.position - b.migration.position).map(({ migration, damagedChunks, damagedBytes, seedBytes }) => ({
    name: migration.vm.name, held: exportProblemOf(migration.sourceObserved, shipment.id), refused: targetSeedOf(migration.targetObserved, shipment.id)?.problem ?? null,
    damagedChunks: damagedChunks ?? 0, damagedBytes: Number(damagedBytes ?? 0n), seedBytes: Number(seedBytes ?? 0n),
  }))
  const why = shipmentNoticeVoid(kind, { status: shipment.status, late: isShipmentLate(shipment.status, shipment.expectedAt?.getTime() ?? null, now.getTime()), everHandedOver: shipment.events.length > 0, held: vms.some(({ held }) => held !== null), refused: vms.some(({ refused }) => refused !== null) }, staff)
  if (why !== null) return { void: why }
  const about = vms.filter(({ held, refused, damagedBytes, seedBytes }) => (kind === 'SHIPMENT_HELD' ? held !== null : kind === 'SHIPMENT_REFUSED' ? refused !== null : kind === 'SHIPMENT_DAMAGED' ? isDamageTold(damagedBytes, seedBytes) : true))
  const sum = (of: (vm: (typeof vms)[number]) => number) => about.reduce((total, vm) => total + of(vm), 0)
  const { site, destination: { targetSite } } = shipment.wave
  return {
    void: null, vmNames: about.map(({ name }) => name),
    shipment: {
      staff, carrier: shipment.carrier, trackingNumber: shipment.trackingNumber, handedOverAtMs: shipment.handedOverAt?.getTime() ?? null, expectedAtMs: shipment.expectedAt?.getTime() ?? null, transitDays: shipment.transitDays,
      devices: shipment.devices.length, from: site.name, to: targetSite.name, zone: siteZoneOf(targetSite),
      problems: about.flatMap(({ name, held, refused }) => {
        const problem = kind === 'SHIPMENT_HELD' ? held : kind === 'SHIPMENT_REFUSED' ? refused : null
        return problem === null ? [] : [{ vm: name, known: isSeedProblem(problem.code) ? problem.code : null, message: problem.message }]
      }),
      damagedChunks: sum(({ damagedChunks }) => damagedChunks), damagedShare: sum(({ damagedBytes }) => damagedBytes) / Math.max(1, sum(({ seedBytes }) => seedBytes)),
    },
  }
}
