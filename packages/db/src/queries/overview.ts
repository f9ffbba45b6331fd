import { AGENT_AWAY_SECONDS, BOOKING_HOLDS_SLOT, MIGRATION_ENDED, SHIPMENT_CARRIED, isShipmentLate } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { hypervisorOf } from './hypervisor-facts.ts'
import { SITE_ZONE, siteZoneOf } from './site-zone.ts'
import { copiedShare } from './wave-progress.ts'

/** Waves that a shift can look at; ended ones beyond are found in the audit log. */
const MOST_WAVES = 300
/** Waves that ended are still of interest for this long. */
const ENDED_SHOWN_MS = 7 * 86_400_000

/** Every customer's waves that are planned, under way or ended within a week, each with its VMs' states and its next window. */
export async function listProviderWaves(tx: ScopedTx, now: Date) {
  const rows = await tx.db.wave.findMany({
    where: { migrations: { some: { OR: [{ status: { notIn: [...MIGRATION_ENDED] } }, { endedAt: { gt: new Date(now.getTime() - ENDED_SHOWN_MS) } }] } } },
    orderBy: { createdAt: 'desc' }, take: MOST_WAVES,
    include: {
      tenant: { select: { id: true, name: true } }, destination: { select: { name: true } },
      migrations: { orderBy: { position: 'asc' }, include: { vm: { select: { name: true } }, replications: true } },
      bookings: { where: { kind: 'CUTOVER', status: { in: [...BOOKING_HOLDS_SLOT] }, endsAt: { gt: now } }, orderBy: { startsAt: 'asc' }, take: 1 },
      shipments: { where: { status: { in: [...SHIPMENT_CARRIED] } }, take: 1, select: { id: true, status: true, expectedAt: true, vms: { select: { migrationId: true } } } },
    },
  })
  return rows.map((wave) => {
    const [shipment] = wave.shipments
    const carried = new Set(shipment?.vms.map(({ migrationId }) => migrationId))
    const disks = wave.migrations.flatMap((migration) => migration.replications)
    const booking = wave.bookings[0]
    return {
      id: wave.id, name: wave.name, tenantId: wave.tenant.id, tenantName: wave.tenant.name, destinationName: wave.destination.name,
      paused: wave.paused, startedAt: wave.startedAt, createdAt: wave.createdAt,
      copiedShare: copiedShare(disks), /** Over the wire: devices bring the rest. */
      leftBytes: disks.reduce((sum, disk) => sum + Number((carried.has(disk.migrationId) ? 0n : disk.backgroundTotalBytes - disk.backgroundDoneBytes) + disk.foregroundLeftBytes), 0),
      shipment: shipment ? { id: shipment.id, status: shipment.status, expectedAt: shipment.expectedAt, late: isShipmentLate(shipment.status, shipment.expectedAt?.getTime() ?? null, now.getTime()), vms: shipment.vms.length } : null,
      sizeBytes: disks.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0),
      migrations: wave.migrations.map((migration) => ({ id: migration.id, vmName: migration.vm.name, status: migration.status, waitReason: migration.waitReason, waitDetail: migration.waitDetail, paused: wave.paused })),
      window: booking ? { id: booking.id, status: booking.status, startsAt: booking.startsAt, endsAt: booking.endsAt } : null,
    }
  })
}
export type ProviderWave = Awaited<ReturnType<typeof listProviderWaves>>[number]

const awayBefore = (now: Date): Date => new Date(now.getTime() - AGENT_AWAY_SECONDS * 1000)

/** Agents that have not been heard of for as long as counts as away. */
export async function listAgentsAway(tx: ScopedTx, now: Date) {
  const before = awayBefore(now)
  const rows = await tx.db.agent.findMany({ where: { OR: [{ lastContactAt: null }, { lastContactAt: { lt: before } }] }, orderBy: { lastContactAt: { sort: 'asc', nulls: 'first' } }, take: MOST_WAVES, include: { site: { select: { name: true } } } })
  const tenants = new Map((await tx.db.tenant.findMany({ select: { id: true, name: true } })).map((tenant) => [tenant.id, tenant.name]))
  return rows.map((agent) => ({ id: agent.id, name: agent.name, role: agent.role, siteName: agent.site.name, tenantName: agent.tenantId === null ? null : (tenants.get(agent.tenantId) ?? null), lastContactAt: agent.lastContactAt }))
}

/** Agents that are heard of and cannot ask their hypervisor for anything, each with what stands between them. */
export async function listLockedOutAgents(tx: ScopedTx, now: Date) {
  const rows = await tx.db.agent.findMany({ where: { lastContactAt: { gte: awayBefore(now) }, hypervisor: { path: ['problem', 'code'], string_starts_with: '' } }, orderBy: { name: 'asc' }, take: MOST_WAVES, include: { site: { select: { name: true } } } })
  const tenants = new Map((await tx.db.tenant.findMany({ select: { id: true, name: true } })).map((tenant) => [tenant.id, tenant.name]))
  return rows.flatMap((agent) => {
    const problem = hypervisorOf(agent.hypervisor)?.problem ?? null
    return problem === null ? [] : [{ id: agent.id, name: agent.name, role: agent.role, siteName: agent.site.name, tenantName: agent.tenantId === null ? null : (tenants.get(agent.tenantId) ?? null), problem }]
  })
}

/** Room for replicas at each target site: the sum over its agents that have said so. */
export async function listTargetCapacity(tx: ScopedTx) {
  const sites = await tx.db.site.findMany({ where: { kind: 'TARGET' }, orderBy: { name: 'asc' }, include: { agents: { select: { freeBytes: true, totalBytes: true } } } })
  return sites.map((site) => {
    const told = site.agents.filter((agent) => agent.freeBytes !== null && agent.totalBytes !== null)
    return {
      id: site.id, name: site.name, agents: site.agents.length,
      freeBytes: told.length === 0 ? null : told.reduce((sum, agent) => sum + Number(agent.freeBytes), 0),
      totalBytes: told.length === 0 ? null : told.reduce((sum, agent) => sum + Number(agent.totalBytes), 0),
    }
  })
}

/** The windows that hold a slot and are not over, the next first, at any target site. */
export async function listWindowsAhead(tx: ScopedTx, now: Date, most: number) {
  const where = { status: { in: [...BOOKING_HOLDS_SLOT] }, endsAt: { gt: now } }
  const rows = await tx.db.booking.findMany({ where, orderBy: { startsAt: 'asc' }, take: most, include: { wave: { select: { id: true, name: true, tenant: { select: { name: true } }, destination: { select: { targetSite: { select: { name: true, ...SITE_ZONE } } } } } } } })
  const requests = await tx.db.booking.count({ where: { ...where, status: 'REQUESTED' } })
  return { requests, windows: rows.map(({ id, status, startsAt, endsAt, wave }) => ({ id, status, startsAt, endsAt, waveId: wave.id, waveName: wave.name, tenantName: wave.tenant.name, targetSiteName: wave.destination.targetSite.name, siteZone: siteZoneOf(wave.destination.targetSite) })) }
}
