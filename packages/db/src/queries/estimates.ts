import type { ScopedTx } from '../scope.ts'
import { readChurn } from './churn.ts'
import { readSiteLink } from './site-link.ts'

/** More lists than this nobody scrolls; the newest are shown. */
const MOST_ESTIMATES = 200

/** The observations of a tenant, newest first. */
export async function listEstimates(tx: ScopedTx) {
  const rows = await tx.db.estimate.findMany({
    orderBy: { startedAt: 'desc' }, take: MOST_ESTIMATES,
    include: { vms: { include: { vm: { select: { name: true, disks: { select: { usedBytes: true } } } } } } },
  })
  const sites = await siteNames(tx, rows.map((row) => row.siteId))
  return rows.map(({ id, name, status, startedAt, endsAt, siteId, vms }) => ({
    id, name, status, startedAt, endsAt,
    siteName: sites.get(siteId) ?? '',
    vmNames: vms.map(({ vm }) => vm.name).sort((a, b) => a.localeCompare(b)),
    usedBytes: vms.reduce((sum, { vm }) => sum + vm.disks.reduce((disks, disk) => disks + Number(disk.usedBytes), 0), 0),
  }))
}

/** One observation with its VMs, their churn until `now` and the site's line; null when there is none. */
export async function readEstimate(tx: ScopedTx, estimateId: string, now: Date) {
  const row = await tx.db.estimate.findUnique({
    where: { id: estimateId },
    include: { vms: { include: { vm: { include: { disks: { select: { sizeBytes: true, usedBytes: true } } } } } } },
  })
  if (!row) return null
  const link = await readSiteLink(tx, row.siteId, now)
  if (!link) return null
  const churn = await readChurn(tx, row.vms.map(({ vmId }) => vmId), row.startedAt, row.endsAt < now ? row.endsAt : now)
  const sites = await siteNames(tx, [row.siteId])
  const migrating = await tx.db.migration.findMany({ where: { vmId: { in: row.vms.map(({ vmId }) => vmId) }, status: { notIn: ['COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED'] } }, select: { vmId: true } })
  const busy = new Set(migrating.map(({ vmId }) => vmId))
  const { id, name, status, startedAt, endsAt, shippingDays, siteId } = row
  return {
    id, name, status, startedAt, endsAt, shippingDays, siteId, siteName: sites.get(siteId) ?? '', link, churn,
    vms: row.vms
      .map(({ vm }) => ({
        id: vm.id, name: vm.name, guestOs: vm.guestOs, gone: vm.goneAt !== null, migrating: busy.has(vm.id),
        usedBytes: vm.disks.reduce((sum, disk) => sum + Number(disk.usedBytes), 0),
        sizeBytes: vm.disks.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0),
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  }
}
export type EstimateReading = NonNullable<Awaited<ReturnType<typeof readEstimate>>>

/** The VMs that can be observed: present at a source site. */
export async function listObservableVms(tx: ScopedTx) {
  const rows = await tx.db.vm.findMany({ where: { goneAt: null }, orderBy: { name: 'asc' }, take: MOST_VMS, include: { site: { select: { name: true } }, disks: { select: { usedBytes: true, sizeBytes: true } } } })
  return rows.map((vm) => ({
    id: vm.id, name: vm.name, guestOs: vm.guestOs, power: vm.power, siteId: vm.siteId, siteName: vm.site.name,
    usedBytes: vm.disks.reduce((sum, disk) => sum + Number(disk.usedBytes), 0),
    sizeBytes: vm.disks.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0),
  }))
}
/** The largest inventory that we promise to show. */
const MOST_VMS = 5_000

async function siteNames(tx: ScopedTx, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.db.site.findMany({ where: { id: { in: [...new Set(ids)] } }, select: { id: true, name: true } })
  return new Map(rows.map((site) => [site.id, site.name]))
}
