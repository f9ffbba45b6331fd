import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** Unique bytes changed per second by one VM, averaged over the bucket that starts at `at`. */
export type ChurnPoint = { readonly vmId: string; readonly at: Date; readonly bytesPerSecond: number; readonly seconds: number; readonly samples: number }

/** As many buckets as a small chart has pixels to show, and enough for a 90th percentile. */
const MOST_BUCKETS = 120
/** Agents measure every few seconds: in narrower buckets some VMs would have no value. */
const NARROWEST_BUCKET_SECONDS = 10

const row = z.object({ vm_id: z.string(), at: z.date(), rate: z.number(), seconds: z.number(), samples: z.number().int() })

/** How wide a bucket of an observation of `seconds` is. */
export function churnBucketSeconds(seconds: number): number {
  return Math.max(NARROWEST_BUCKET_SECONDS, Math.ceil(seconds / MOST_BUCKETS))
}

/** The churn of VMs between two instants in at most 120 buckets each, oldest first; VMs without samples are absent. */
export async function readChurn(tx: ScopedTx, vmIds: readonly string[], from: Date, to: Date): Promise<ChurnPoint[]> {
  if (vmIds.length === 0 || to <= from) return []
  const width = churnBucketSeconds((to.getTime() - from.getTime()) / 1000)
  const rows: unknown = await tx.db.$queryRaw`
    SELECT vm_id, date_bin(make_interval(secs => ${width}), at, ${from}) AS at,
      (sum(unique_write_bytes) / sum(interval_seconds))::float8 AS rate, sum(interval_seconds)::float8 AS seconds, count(*)::int AS samples
    FROM telemetry_sample
    WHERE vm_id = ANY(${[...vmIds]}) AND at > ${from} AND at <= ${to} AND interval_seconds > 0
    GROUP BY 1, 2 ORDER BY 2, 1`
  return z.array(row).parse(rows).map(({ vm_id: vmId, at, rate, seconds, samples }) => ({ vmId, at, bytesPerSecond: rate, seconds, samples }))
}
