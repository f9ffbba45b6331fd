import { OBSERVATION_SOURCES, WORKING_SET_MINUTES } from '@driftless/domain'
import type { ObservationSource, WorkingSetMinutes } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** What one VM wrote in the bucket that starts at `at` and is as long as one of the working-set spans. */
export type ObservedBucket = {
  readonly vmId: string
  readonly at: Date
  /** How much of it was seen; less than the bucket is long: the rest is unknown, not idle. */
  readonly coveredSeconds: number
  readonly writtenBytes: number
  /** Unique bytes of the whole bucket; null: not seen from its start to its end without a gap, or not seen by blocks. */
  readonly uniqueBytes: number | null
  /** The worst of its minutes' 99th percentiles. */
  readonly latencyMs: number | null
}
export type ObservedMinutes = {
  /** How long a minute of these rows is: 60 s, except where an agent was told to have shorter ones. */
  readonly minuteSeconds: number
  readonly bucketSeconds: number
  /** By VM and time; VMs that were not observed are absent. */
  readonly buckets: readonly ObservedBucket[]
}

/** A day in minutes fits; two weeks come in quarters of an hour. */
const MOST_BUCKETS = 1_500

const bucketRow = z.object({ vm_id: z.string(), at: z.date(), covered: z.number(), written: z.number(), unique_bytes: z.number().nullable(), latency: z.number().nullable() })

/** What VMs wrote between two instants: by the minute, for a long time in buckets of the shortest span that leaves at most `mostBuckets` of them a VM. How long a minute is there is looked up, unless it is known. */
export async function readObservedMinutes(tx: ScopedTx, vmIds: readonly string[], from: Date, to: Date, mostBuckets = MOST_BUCKETS, knownMinuteSeconds?: number): Promise<ObservedMinutes> {
  const minuteSeconds = knownMinuteSeconds ?? (await minuteSecondsOf(tx, vmIds, from, to))
  const seconds = (to.getTime() - from.getTime()) / 1000
  const span = WORKING_SET_MINUTES.find((minutes) => seconds / (minutes * minuteSeconds) <= mostBuckets) ?? 1440
  const bucketSeconds = span * minuteSeconds
  const rows: unknown = vmIds.length === 0 ? [] : await tx.db.$queryRaw`
    SELECT vm_id, at, sum(covered_seconds)::float8 AS covered, sum(written_bytes)::float8 AS written, max(latency_ms) AS latency,
      -- A span's unique bytes stand in its last minute.
      max(CASE WHEN minute >= at + make_interval(secs => ${bucketSeconds}::float8 - length_seconds) THEN
        CASE ${span}::int WHEN 1 THEN unique_1m WHEN 5 THEN unique_5m WHEN 15 THEN unique_15m WHEN 60 THEN unique_60m WHEN 360 THEN unique_6h ELSE unique_24h END END)::float8 AS unique_bytes
    FROM (SELECT o.*, date_bin(make_interval(secs => ${bucketSeconds}::float8), minute, 'epoch'::timestamptz) AS at
      FROM vm_observation o WHERE vm_id = ANY(${[...vmIds]}) AND minute >= ${from} AND minute < ${to}) AS minutes
    GROUP BY vm_id, at ORDER BY vm_id, at`
  const buckets = z.array(bucketRow).parse(rows).map((row) => ({ vmId: row.vm_id, at: row.at, coveredSeconds: row.covered, writtenBytes: row.written, uniqueBytes: row.unique_bytes, latencyMs: row.latency }))
  return { minuteSeconds, bucketSeconds, buckets }
}

/** The longest minute there is between the two instants; 60 s where there is none. */
async function minuteSecondsOf(tx: ScopedTx, vmIds: readonly string[], from: Date, to: Date): Promise<number> {
  const longest = await tx.db.vmObservation.aggregate({ where: { vmId: { in: [...vmIds] }, minute: { gte: from, lt: to } }, _max: { lengthSeconds: true } })
  return longest._max.lengthSeconds ?? 60
}

/** One point of a VM's working-set curve: unique bytes written in `minutes`, at latest and over the whole observation. */
export type WorkingSetPoint = {
  readonly vmId: string
  readonly minutes: WorkingSetMinutes
  readonly latestBytes: number
  readonly medianBytes: number
  readonly mostBytes: number
  /** Spans behind it, one ending with each minute; they overlap. */
  readonly spans: number
}

const pointRow = z.object({ vm_id: z.string(), minutes: z.literal([...WORKING_SET_MINUTES]), latest: z.number(), median: z.number(), most: z.number(), spans: z.number().int() })

/** The last minutes are looked at whatever else is left out: the longest spans are known there first. */
const LATEST_SECONDS = 300

/**
 * The working-set curves of VMs between two instants, shortest span first; spans that were never seen whole are absent. With `sampled` about
 * `mostMinutes` of the minutes, `minuteSeconds` long, are looked at, evenly, and the latest: spans overlap, so that those between say little.
 */
export async function readWorkingSets(tx: ScopedTx, vmIds: readonly string[], from: Date, to: Date, sampled?: { readonly mostMinutes: number; readonly minuteSeconds: number }): Promise<WorkingSetPoint[]> {
  if (vmIds.length === 0) return []
  const { mostMinutes, minuteSeconds } = sampled ?? { mostMinutes: Number.POSITIVE_INFINITY, minuteSeconds: 1 }
  const every = Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 1000 / minuteSeconds / mostMinutes))
  const rows: unknown = await tx.db.$queryRaw`
    SELECT o.vm_id, s.minutes, (array_agg(s.bytes ORDER BY o.minute DESC))[1]::float8 AS latest, percentile_cont(0.5) WITHIN GROUP (ORDER BY s.bytes) AS median,
      max(s.bytes)::float8 AS most, count(*)::int AS spans
    FROM vm_observation o CROSS JOIN LATERAL (VALUES (1, o.unique_1m), (5, o.unique_5m), (15, o.unique_15m), (60, o.unique_60m), (360, o.unique_6h), (1440, o.unique_24h)) AS s(minutes, bytes)
    WHERE o.vm_id = ANY(${[...vmIds]}) AND o.minute >= ${from} AND o.minute < ${to} AND s.bytes IS NOT NULL
      AND (${every}::int = 1 OR (date_part('epoch', o.minute) / ${minuteSeconds}::float8)::bigint % ${every}::int = 0 OR o.minute >= ${to}::timestamptz - make_interval(secs => ${LATEST_SECONDS}::float8))
    GROUP BY 1, 2 ORDER BY 1, 2`
  return z.array(pointRow).parse(rows).map((row) => ({ vmId: row.vm_id, minutes: row.minutes, latestBytes: row.latest, medianBytes: row.median, mostBytes: row.most, spans: row.spans }))
}

/** How one VM was observed, and how much of the time. */
export type ObservationFacts = {
  readonly vmId: string
  /** The weakest that any of its minutes rests on. */
  readonly source: ObservationSource
  readonly minutes: number
  readonly coveredSeconds: number
  /** Start of the first minute, and end of the last. */
  readonly firstAt: Date
  readonly lastAt: Date
  /** Of how many blocks one was watched; 1: every one. */
  readonly blocksPerStamp: number
  /** The longest of its minutes. */
  readonly minuteSeconds: number
}

const factsRow = z.object({ vm_id: z.string(), weakest: z.enum(OBSERVATION_SOURCES), minutes: z.number().int(), covered: z.number(), first_at: z.date(), last_at: z.date(), blocks_per_stamp: z.number().int(), minute_seconds: z.number() })

/** How VMs were observed between two instants; VMs that were not are absent. */
export async function readObservationFacts(tx: ScopedTx, vmIds: readonly string[], from: Date, to: Date): Promise<ObservationFacts[]> {
  if (vmIds.length === 0) return []
  const rows: unknown = await tx.db.$queryRaw`
    SELECT vm_id, max(source)::text AS weakest, count(*)::int AS minutes, sum(covered_seconds)::float8 AS covered,
      min(minute) AS first_at, max(minute + make_interval(secs => length_seconds)) AS last_at, max(blocks_per_stamp) AS blocks_per_stamp, max(length_seconds) AS minute_seconds
    FROM vm_observation WHERE vm_id = ANY(${[...vmIds]}) AND minute >= ${from} AND minute < ${to} GROUP BY 1 ORDER BY 1`
  return z.array(factsRow).parse(rows).map((row) => ({ vmId: row.vm_id, source: row.weakest, minutes: row.minutes, coveredSeconds: row.covered, firstAt: row.first_at, lastAt: row.last_at, blocksPerStamp: row.blocks_per_stamp, minuteSeconds: row.minute_seconds }))
}
