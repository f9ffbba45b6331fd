import { lineByHour, quantile } from '@driftless/domain'
import type { EstimateLink, LineHour, WaveLink } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { readLineSamples } from './site-line.ts'
import { rateScheduleOf, siteRateAt } from './site-rate.ts'
import type { SiteRateColumns } from './site-rate.ts'

/** What a site's line gives now, and how that is known. Bytes per second. */
export type SiteLink = EstimateLink & {
  /** MEASURED: from recent initial syncs. PROBED: from short probes. LIMIT: what the site was allowed. ASSUMED: nothing is known yet. */
  readonly origin: 'MEASURED' | 'PROBED' | 'LIMIT' | 'ASSUMED'
  readonly limitBytesPerSecond: number | null
  /** The part of the time in which probes may fill the line while VMs are observed; 0: it is known from copies or not at all. */
  readonly probeShare: number
  /** Intervals, or probes, behind a measured rate. */
  readonly intervals: number
  /** What the line gave at each hour of the day by the clock of `timeZone`; hours without enough looks are absent. */
  readonly byHour: readonly LineHour[]
  readonly timeZone: string
  /** The same line for a simulation: what it gives by itself, and what the site may send at any time. */
  readonly line: WaveLink
}

/** Fewer busy intervals than this are a moment, not a rate. */
const FEWEST_INTERVALS = 6
/** Each probe is a look of its own at another time of the day. */
const FEWEST_PROBES = 3
/** The slowest line that we recommend, 100 Mbit/s; said aloud wherever it is used. */
export const ASSUMED_LINK_BYTES_PER_SECOND = 12_500_000

/**
 * The line of a source site: what initial syncs of the last week reached, else what probes did, never more than what the site may send at
 * `now`; else the limit; else an assumption. Null: no such site.
 */
export async function readSiteLink(tx: ScopedTx, siteId: string, now: Date): Promise<SiteLink | null> {
  const site = await tx.db.site.findUnique({ where: { id: siteId }, select: { linkRateBytesPerSecond: true, rateSchedule: true, timeZone: true, probeShare: true } })
  if (!site) return null
  const samples = await readLineSamples(tx, siteId, now)
  const limit = siteRateAt(site, now).bytesPerSecond
  const capped = (rate: number) => (limit === null ? rate : Math.min(limit, rate))
  const timeZone = site.timeZone ?? 'UTC'
  const found = measuredBy(samples.filter(({ kind }) => kind === 'SYNC'), 'MEASURED', FEWEST_INTERVALS) ?? measuredBy(samples.filter(({ kind }) => kind === 'PROBE'), 'PROBED', FEWEST_PROBES) ?? unmeasured(site)
  const byHour = found.intervals === 0 ? [] : lineByHour(samples.map(({ at, bytesPerSecond }) => ({ atMs: at.getTime(), bytesPerSecond })), timeZone)
  const { p50BytesPerSecond, p90BytesPerSecond } = found
  return {
    origin: found.origin, p50BytesPerSecond: capped(p50BytesPerSecond), p90BytesPerSecond: capped(p90BytesPerSecond), limitBytesPerSecond: limit, probeShare: site.probeShare, intervals: found.intervals, byHour, timeZone,
    line: { p50BytesPerSecond, p90BytesPerSecond, byHour: byHour.map(({ hour, p50BytesPerSecond: p50, p90BytesPerSecond: p90 }) => ({ hour, p50BytesPerSecond: p50, p90BytesPerSecond: p90 })), ...limitOf(site) },
  }
}

type Line = EstimateLink & Pick<SiteLink, 'origin' | 'intervals'>

function measuredBy(samples: readonly { readonly bytesPerSecond: number }[], origin: SiteLink['origin'], fewest: number): Line | null {
  const rates = samples.map(({ bytesPerSecond }) => bytesPerSecond)
  const p50 = quantile(rates, 0.5)
  const p90 = quantile(rates, 0.1)
  return rates.length >= fewest && p50 !== null && p90 !== null && p90 > 0 ? { origin, p50BytesPerSecond: p50, p90BytesPerSecond: p90, intervals: rates.length } : null
}

/** As fast as the site may ever be by its limits; where it may be as fast as it can, an assumption. */
function unmeasured(site: SiteRateColumns): Line {
  const limits = [site.linkRateBytesPerSecond === null ? null : Number(site.linkRateBytesPerSecond), ...(rateScheduleOf(site)?.rules ?? []).map(({ bytesPerSecond }) => bytesPerSecond)]
  const known = limits.filter((limit) => limit !== null)
  const rate = known.length === limits.length ? Math.max(...known) : Math.max(ASSUMED_LINK_BYTES_PER_SECOND, ...known)
  return { origin: known.length === 0 ? 'ASSUMED' : 'LIMIT', p50BytesPerSecond: rate, p90BytesPerSecond: rate, intervals: 0 }
}

function limitOf(site: SiteRateColumns): Pick<WaveLink, 'limit'> {
  const siteBytesPerSecond = site.linkRateBytesPerSecond === null ? null : Number(site.linkRateBytesPerSecond)
  const schedule = rateScheduleOf(site) ?? (siteBytesPerSecond === null ? null : { zone: 'UTC', rules: [] })
  return schedule === null ? {} : { limit: { schedule, siteBytesPerSecond } }
}
