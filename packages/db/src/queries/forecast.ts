import { estimate } from '@driftless/domain'
import type { Estimate } from '@driftless/domain'
import { readChurn } from './churn.ts'
import { readSiteLink } from './site-link.ts'
import type { SiteLink } from './site-link.ts'
import type { ScopedTx } from '../scope.ts'

/** A day of churn has a night and a morning in it; older days say less. */
const CHURN_WINDOW_MS = 86_400_000

export type Forecast = Estimate & { readonly link: SiteLink }

/**
 * What moving these VMs over their site's line would take, from the churn of the last day; `rateBytesPerSecond` caps
 * the line. Null when the site, or any of the VMs there, is unknown.
 */
export async function forecastWave(tx: ScopedTx, siteId: string, vmIds: readonly string[], rateBytesPerSecond: number | null, now: Date): Promise<Forecast | null> {
  const link = await readSiteLink(tx, siteId, now)
  const vms = await tx.db.vm.findMany({ where: { id: { in: [...vmIds] }, siteId }, include: { disks: true } })
  if (!link || vms.length !== vmIds.length) return null
  const churn = await readChurn(tx, vmIds, new Date(now.getTime() - CHURN_WINDOW_MS), now)
  const rates = Map.groupBy(churn, (point) => point.vmId)
  const capped = (rate: number) => (rateBytesPerSecond === null ? rate : Math.min(rate, rateBytesPerSecond))
  const forecast = estimate(
    vms.map((vm) => ({
      usedBytes: vm.disks.reduce((sum, disk) => sum + Number(disk.usedBytes), 0),
      sizeBytes: vm.disks.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0),
      churnRates: (rates.get(vm.id) ?? []).map((point) => point.bytesPerSecond),
    })),
    { p50BytesPerSecond: capped(link.p50BytesPerSecond), p90BytesPerSecond: capped(link.p90BytesPerSecond) },
  )
  return { ...forecast, link }
}
