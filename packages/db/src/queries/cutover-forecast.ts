import { FEWEST_MEASURED, forecastCutover } from '@driftless/domain'
import type { CutoverForecast, EstimateLink, MeasuredCutovers } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { readMeasuredCutovers } from './measured-cutovers.ts'
import { readChurnP90 } from './migration-view.ts'
import { readSiteLink } from './site-link.ts'
import type { SiteLink } from './site-link.ts'

/** What a source site has shown so far: its line, and how long its guests' cutovers took. */
export type SiteHistory = { readonly link: EstimateLink & Partial<Pick<SiteLink, 'origin'>>; readonly measured: MeasuredCutovers }

/** Nothing is known of a site that is gone; nothing fits its windows then. */
const NO_LINK: EstimateLink = { p50BytesPerSecond: 0, p90BytesPerSecond: 0 }

export async function readSiteHistory(tx: ScopedTx, siteId: string, now: Date): Promise<SiteHistory> {
  return { link: (await readSiteLink(tx, siteId, now)) ?? NO_LINK, measured: await readMeasuredCutovers(tx, siteId) }
}

type ToCutOver = { readonly vmId: string; readonly replications: readonly { readonly sizeBytes: bigint; readonly verifiedBytes: bigint }[] }

/** How long a VM's cutover would take now, from its churn of the last day, what of its disks is proven, and what its site has shown. */
export async function readCutoverForecast(tx: ScopedTx, { vmId, replications }: ToCutOver, site: SiteHistory): Promise<CutoverForecast & { readonly churnMeasured: boolean; readonly guestTimesMeasured: boolean; readonly sizeBytes: number; readonly unprovenBytes: number }> {
  const churn = await readChurnP90(tx, vmId)
  const sizeBytes = replications.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0)
  const unprovenBytes = replications.reduce((sum, disk) => sum + Math.max(0, Number(disk.sizeBytes - disk.verifiedBytes)), 0)
  const forecast = forecastCutover({ usedBytes: sizeBytes, sizeBytes, unprovenBytes, churnRates: churn === null ? [] : [churn] }, site.link, site.measured)
  return { ...forecast, churnMeasured: churn !== null, guestTimesMeasured: Math.min(site.measured.shutdownSeconds.length, site.measured.startSeconds.length) >= FEWEST_MEASURED, sizeBytes, unprovenBytes }
}
