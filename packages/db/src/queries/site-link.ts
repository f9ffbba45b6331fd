import { quantile } from '@driftless/domain'
import type { EstimateLink } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'
import { siteRateAt } from './site-rate.ts'

/** What a site's line gives, and how that is known. Bytes per second. */
export type SiteLink = EstimateLink & {
  /** MEASURED: from recent initial syncs. LIMIT: what the site was allowed. ASSUMED: nothing is known yet. */
  readonly origin: 'MEASURED' | 'LIMIT' | 'ASSUMED'
  readonly limitBytesPerSecond: number | null
  /** Intervals behind a measured rate. */
  readonly intervals: number
}

/** Older copies say little about today's line. */
const RECENT_MS = 7 * 86_400_000
/** Fewer busy intervals than this are a moment, not a rate. */
const FEWEST_INTERVALS = 6
const INTERVAL_SECONDS = 10
/** A line's rate needs no more: newest first. */
const MOST_INTERVALS = 2_000
/** The slowest line that we recommend, 100 Mbit/s; said aloud wherever it is used. */
export const ASSUMED_LINK_BYTES_PER_SECOND = 12_500_000

const row = z.object({ rate: z.number() })

/**
 * The line of a source site: what initial syncs of the last week reached (a sweep takes all it is given; times without
 * one say nothing; waves slowed on purpose do not count), never more than what the site may send at `now`; else the limit; else an assumption. Null: no such site.
 */
export async function readSiteLink(tx: ScopedTx, siteId: string, now: Date): Promise<SiteLink | null> {
  const site = await tx.db.site.findUnique({ where: { id: siteId }, select: { linkRateBytesPerSecond: true, rateSchedule: true, timeZone: true } })
  if (!site) return null
  const limit = siteRateAt(site, now).bytesPerSecond
  const rows: unknown = await tx.db.$queryRaw`
    SELECT rate FROM (
      SELECT bucket, sum(rate)::float8 AS rate, sum(background) AS background FROM (
        SELECT date_bin(make_interval(secs => ${INTERVAL_SECONDS}), s.at, 'epoch'::timestamptz) AS bucket, s.vm_id,
          avg(s.background_bytes_per_second + s.foreground_bytes_per_second) AS rate, avg(s.background_bytes_per_second) AS background
        FROM telemetry_sample s JOIN vm v ON v.id = s.vm_id JOIN migration m ON m.id = s.migration_id
          JOIN wave w ON w.id = m.wave_id AND w.rate_bytes_per_second IS NULL AND m.rate_bytes_per_second IS NULL
        WHERE v.site_id = ${siteId} AND s.at > ${new Date(now.getTime() - RECENT_MS)}
        GROUP BY 1, 2) AS vms
      GROUP BY bucket) AS buckets
    WHERE background > 0 ORDER BY bucket DESC LIMIT ${MOST_INTERVALS}`
  const rates = z.array(row).parse(rows).map(({ rate }) => (limit === null ? rate : Math.min(limit, rate)))
  const p50 = quantile(rates, 0.5)
  const p90 = quantile(rates, 0.1)
  if (rates.length >= FEWEST_INTERVALS && p50 !== null && p90 !== null && p90 > 0)
    return { origin: 'MEASURED', p50BytesPerSecond: p50, p90BytesPerSecond: p90, limitBytesPerSecond: limit, intervals: rates.length }
  const rate = limit ?? ASSUMED_LINK_BYTES_PER_SECOND
  return { origin: limit === null ? 'ASSUMED' : 'LIMIT', p50BytesPerSecond: rate, p90BytesPerSecond: rate, limitBytesPerSecond: limit, intervals: 0 }
}
