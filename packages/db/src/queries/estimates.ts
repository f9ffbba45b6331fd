import type { ScopedTx } from '../scope.ts'
import { readWindowsAhead } from './cutover-windows.ts'
import { readSiteErrors } from './estimate-error.ts'
import { readWaveFacts } from './forecast.ts'
import { readKeptEstimate } from './kept-estimate.ts'
import { readObservationGaps } from './observation-gaps.ts'
import { readVmContents } from './vm-content.ts'

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

/** Estimates are made for a start at a round time, so that what is looked at every few seconds does not move on by itself. */
const START_STEP_MS = 300_000

/** What an observation is asked: whether it still runs, and the move of all its VMs over their site's line, as soon as can be. Null: there is none. */
export async function readEstimateQuestion(tx: ScopedTx, estimateId: string, now: Date) {
  const row = await tx.db.estimate.findUnique({ where: { id: estimateId }, include: { vms: { orderBy: { vm: { name: 'asc' } }, select: { vmId: true } } } })
  if (!row) return null
  const { status, siteId, startedAt, endsAt } = row
  return {
    observing: status === 'OBSERVING', siteId, vmIds: row.vms.map(({ vmId }) => vmId), capBytesPerSecond: null, throttleBytesPerSecond: null, parallelCutovers: 1,
    startAt: new Date(Math.ceil(now.getTime() / START_STEP_MS) * START_STEP_MS), observedFrom: startedAt, observedUntil: endsAt < now ? endsAt : now, window: null, windows: [],
  }
}

/** One observation at `now`: its VMs, what is known of them and of the line, and all that a simulation of their move takes; null when there is none. */
export async function readEstimate(tx: ScopedTx, estimateId: string, now: Date) {
  const row = await tx.db.estimate.findUnique({
    where: { id: estimateId },
    include: { vms: { include: { vm: { select: { id: true, name: true, guestOs: true, goneAt: true } } } } },
  })
  if (!row) return null
  const { id, name, status, startedAt, endsAt, shippingDays, siteId } = row
  const question = await readEstimateQuestion(tx, estimateId, now)
  if (!question) return null
  const { vmIds, observedUntil: until } = question
  const windows = await readWindowsAhead(tx, vmIds, now)
  const booked = windows.find((window) => window.booked) ?? null
  const facts = await readWaveFacts(tx, { ...question, window: booked, windows }, now)
  if (!facts) return null
  const sites = await siteNames(tx, [siteId])
  const migrating = await tx.db.migration.findMany({ where: { vmId: { in: vmIds }, status: { notIn: ['COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED'] } }, select: { vmId: true } })
  const busy = new Set(migrating.map(({ vmId }) => vmId))
  const details = new Map(row.vms.map(({ vm }) => [vm.id, vm]))
  return {
    id, name, status, startedAt, endsAt, shippingDays, siteId, siteName: sites.get(siteId) ?? '', until,
    ...facts, windows,
    vms: facts.vms.map((vm) => ({ ...vm, guestOs: details.get(vm.id)?.guestOs ?? '', gone: details.get(vm.id)?.goneAt !== null, migrating: busy.has(vm.id) })),
    // A VM that is not seen by the minute would be one long gap.
    gaps: await readObservationGaps(tx, facts.vms.flatMap(({ seen }) => seen?.vmId ?? []), startedAt, until),
    contents: await readVmContents(tx, vmIds),
    kept: await readKeptEstimate(tx, estimateId),
    error: (await readSiteErrors(tx, [siteId]))[0] ?? null,
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
