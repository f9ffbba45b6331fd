import { MIGRATION_ENDED, isSeedProblem, isShipmentLate } from '@driftless/domain'
import type { InboxShipment, SeedProblem } from '@driftless/domain'
import { z } from 'zod'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { exportProblemOf, seedKeysOf, seedPlacesOf, sourceSeedOf, targetSeedOf } from './seed-facts.ts'
import type { SeedPlaceFacts } from './seed-facts.ts'

/** A list beyond this is searched in the audit log. */
const MOST_SHIPMENTS = 300
/** A custody record has a dozen lines; refusals of devices may add some a VM. */
const MOST_EVENTS = 500

const reachedAt = z.record(z.string(), z.coerce.date()).catch({})

/** The shipments of the scope, newest first. */
export async function listShipments(tx: ScopedTx, now: Date) {
  const rows = await tx.db.shipment.findMany({
    orderBy: { begunAt: 'desc' }, take: MOST_SHIPMENTS,
    include: { wave: { select: { id: true, name: true, tenant: { select: { name: true } }, site: { select: { name: true } }, destination: { select: { targetSite: { select: { name: true } } } } } }, _count: { select: { vms: true, devices: true } } },
  })
  return rows.map((row) => ({
    id: row.id, status: row.status, statusChangedAt: row.statusChangedAt, begunAt: row.begunAt, expectedAt: row.expectedAt, late: isLate(row, now), carrier: row.carrier, trackingNumber: row.trackingNumber,
    waveId: row.wave.id, waveName: row.wave.name, tenantName: row.wave.tenant.name, siteName: row.wave.site.name, targetSiteName: row.wave.destination.targetSite.name, vms: row._count.vms, devices: row._count.devices,
  }))
}

const isLate = ({ status, expectedAt }: { status: Prisma.ShipmentGetPayload<object>['status']; expectedAt: Date | null }, now: Date) => isShipmentLate(status, expectedAt?.getTime() ?? null, now.getTime())

/** A shipment with everything its page shows; null when the scope knows none by this id. Places of the target's agent only with `targetPlaces`. */
export async function readShipment(tx: ScopedTx, shipmentId: string, now: Date, { targetPlaces }: { readonly targetPlaces: boolean }) {
  const row = await tx.db.shipment.findUnique({
    where: { id: shipmentId },
    include: {
      devices: { orderBy: { place: 'asc' } }, events: { orderBy: [{ at: 'asc' }, { id: 'asc' }], take: MOST_EVENTS },
      vms: { include: { migration: { select: { id: true, status: true, position: true, sourceObserved: true, targetObserved: true, sourceAgentId: true, targetAgentId: true, vm: { select: { name: true } }, replications: { select: { sentBytes: true } } } } } },
      wave: { select: { id: true, name: true, startedAt: true, tenant: { select: { name: true } }, site: { select: { name: true } }, destination: { select: { targetSite: { select: { name: true } } } } } },
    },
  })
  if (!row) return null
  const { wave } = row
  const agents = await tx.db.agent.findMany({ where: { id: { in: row.vms.flatMap(({ migration }) => [migration.sourceAgentId, migration.targetAgentId].filter((id) => id !== null)) } }, select: { id: true, seedPlaces: true } })
  const placesOf = (side: 'sourceAgentId' | 'targetAgentId') => seedPlacesOf(agents.find(({ id }) => row.vms.some(({ migration }) => migration[side] === id))?.seedPlaces)
  const reached = reachedAt.parse(row.reachedAt)
  return {
    id: row.id, status: row.status, reached, late: isLate(row, now), now, transitDays: row.transitDays, carrier: row.carrier, trackingNumber: row.trackingNumber, handedOverAt: row.handedOverAt, expectedAt: row.expectedAt, begunAt: row.begunAt,
    waveId: wave.id, waveName: wave.name, waveStarted: wave.startedAt !== null, tenantName: wave.tenant.name, siteName: wave.site.name, targetSiteName: wave.destination.targetSite.name,
    sourcePlaces: { chosen: row.sourcePlaces, offered: placesOf('sourceAgentId') },
    targetPlaces: targetPlaces ? { chosen: row.targetPlaces, offered: placesOf('targetAgentId') } : null,
    devices: row.devices.map(({ deviceIds, place, storedBytes, seal }) => ({ place, deviceIds, storedBytes: Number(storedBytes), seal })),
    vms: row.vms.toSorted((a, b) => a.migration.position - b.migration.position).map((vm) => vmOf(row.id, vm)),
    events: row.events.map(({ id, at, what, actorName, note, detail }) => ({ id, at, what, actorName, note, detail: eventDetail.parse(detail) })),
  }
}
export type ShipmentReading = NonNullable<Awaited<ReturnType<typeof readShipment>>>

const eventDetail = z.object({
  carrier: z.string().nullable(), trackingNumber: z.string().nullable(), seals: z.record(z.string(), z.string()), sealsIntact: z.boolean(), places: z.union([z.array(z.string()), z.string().transform((text) => [text])]), transitDays: z.number(), vms: z.array(z.string()), vm: z.string(), code: z.string(),
}).partial().catch({})

type VmRow = Prisma.ShipmentVmGetPayload<{ include: { migration: { select: { id: true; status: true; sourceObserved: true; targetObserved: true; vm: { select: { name: true } }; replications: { select: { sentBytes: true } } } } } }>

function vmOf(shipmentId: string, { migration, ...row }: VmRow) {
  const source = sourceSeedOf(migration.sourceObserved, shipmentId)
  const target = targetSeedOf(migration.targetObserved, shipmentId)
  const number = (value: bigint | null) => (value === null ? null : Number(value))
  return {
    migrationId: migration.id, name: migration.vm.name, status: migration.status, ended: MIGRATION_ENDED.includes(migration.status),
    exported: { at: row.exportedAt, state: row.exportedAt === null ? (source?.state ?? 'WAITING') : 'EXPORTED' as const, doneBytes: number(row.seedBytes) ?? source?.doneBytes ?? 0, totalBytes: number(row.seedBytes) ?? source?.totalBytes ?? 0, storedBytes: number(row.storedBytes) ?? source?.storedBytes ?? 0, manifestHash: row.manifestHash, problem: problemOf(exportProblemOf(migration.sourceObserved, shipmentId)) },
    imported: { at: row.importedAt, state: row.importedAt === null ? (target?.state ?? 'WAITING') : 'IMPORTED' as const, doneBytes: row.importedAt === null ? (target?.doneBytes ?? 0) : (target?.totalBytes ?? number(row.seedBytes) ?? 0), totalBytes: target?.totalBytes ?? number(row.seedBytes) ?? 0, damagedChunks: row.damagedChunks ?? target?.damagedChunks ?? 0, damagedBytes: number(row.damagedBytes) ?? target?.damagedBytes ?? 0, problem: problemOf(target?.problem) },
    /** Unique bytes written since the export began; they come over the wire. */
    writtenMeanwhileBytes: number(row.writtenMeanwhileBytes) ?? source?.dirtyBytes ?? 0,
    sentBytes: migration.replications.reduce((sum, { sentBytes }) => sum + Number(sentBytes), 0),
    caughtUpAt: row.caughtUpAt,
  }
}

/** `known`: null for a code of another version; the agent's own words say what it is. */
function problemOf(problem: { readonly code: string; readonly message: string } | null | undefined): { readonly known: SeedProblem | null; readonly message: string } | null {
  return problem ? { known: isSeedProblem(problem.code) ? problem.code : null, message: problem.message } : null
}

/** Where the seeds of a site's VMs could be written, and whether the target takes them; `places` is empty where the site's agent has none. */
export type SeedOffer = { readonly places: readonly SeedPlaceFacts[]; readonly targetTakes: boolean }

/** What stands open for VMs of `siteId` that go to `destinationId`: as the agents that would be chosen say. Null: the scope knows no such site or destination. */
export async function readSeedOffer(tx: ScopedTx, siteId: string, destinationId: string): Promise<SeedOffer | null> {
  const agents = { where: { revokedAt: null, quarantinedAt: null }, orderBy: { lastContactAt: { sort: 'desc', nulls: 'last' } }, take: 1 } as const
  const site = await tx.db.site.findUnique({ where: { id: siteId }, include: { agents } })
  const destination = await tx.db.destination.findUnique({ where: { id: destinationId }, include: { targetSite: { include: { agents } } } })
  if (!site || !destination) return null
  const source = site.agents[0]
  return { places: source && seedKeysOf(source.seedKeys) !== null ? seedPlacesOf(source.seedPlaces) : [], targetTakes: seedKeysOf(destination.targetSite.agents[0]?.seedKeys) !== null }
}

/** The wave's site and destination, its shipment that is not cancelled, and the VMs that may still travel by device; null: unknown. */
export async function readWaveShipment(tx: ScopedTx, waveId: string) {
  const wave = await tx.db.wave.findUnique({
    where: { id: waveId },
    select: { siteId: true, destinationId: true, shipments: { where: { status: { not: 'CANCELLED' } }, select: { id: true, status: true, expectedAt: true }, take: 1 }, migrations: { orderBy: { position: 'asc' }, select: { id: true, status: true, readyAt: true, vm: { select: { name: true, disks: { select: { usedBytes: true } } } } } } },
  })
  if (!wave) return null
  const open = wave.migrations.filter(({ status, readyAt }) => status === 'ASSESSED' || status === 'READY_TO_REPLICATE' || (status === 'REPLICATING' && readyAt === null))
  return {
    shipment: wave.shipments[0] ?? null,
    vms: open.map(({ id, vm }) => ({ migrationId: id, name: vm.name, usedBytes: vm.disks.reduce((sum, { usedBytes }) => sum + Number(usedBytes), 0) })),
    offer: await readSeedOffer(tx, wave.siteId, wave.destinationId),
  }
}

/** The shipments under way as they may wait on somebody. */
export async function listShipmentsToActOn(tx: ScopedTx): Promise<(Omit<InboxShipment, 'tenantName'> & { readonly tenantId: string })[]> {
  const rows = await tx.db.shipment.findMany({
    where: { status: { notIn: ['CAUGHT_UP', 'CANCELLED'] } }, orderBy: { begunAt: 'asc' }, take: MOST_SHIPMENTS,
    include: { wave: { select: { name: true } }, vms: { include: { migration: { select: { sourceObserved: true, targetObserved: true } } } } },
  })
  return rows.map((row) => ({
    id: row.id, tenantId: row.tenantId, waveId: row.waveId, waveName: row.wave.name, status: row.status, sinceMs: row.statusChangedAt.getTime(), expectedAtMs: row.expectedAt?.getTime() ?? null,
    exportHeld: row.vms.some(({ migration }) => exportProblemOf(migration.sourceObserved, row.id) !== null), importRefused: row.vms.some(({ migration }) => targetSeedOf(migration.targetObserved, row.id)?.problem != null),
  }))
}
