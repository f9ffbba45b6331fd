import type { ObservationSource, WaveVm } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { churnBucketSeconds, readChurn } from './churn.ts'
import type { ChurnPoint } from './churn.ts'
import { readObservationFacts, readObservedMinutes, readWorkingSets } from './observation.ts'
import type { ObservationFacts, ObservedMinutes, WorkingSetPoint } from './observation.ts'
import { readVmContents } from './vm-content.ts'

/** A day in quarters of an hour, a week in hours: what a simulation distinguishes, and what a browser is sent of 100 VMs. */
const MOST_INTERVALS = 200

/** How a VM was observed: by the minute, by an agent of the version before (SAMPLES: distinct blocks of some seconds), or not at all. */
export type VmSource = ObservationSource | 'SAMPLES' | null
/** A VM as a simulation takes it, and what that rests on. */
export type ObservedVm = { readonly vm: WaveVm; readonly name: string; readonly source: VmSource; /** How long its agent's minute is; null: it was not seen by the minute. */ readonly minuteSeconds: number | null; readonly seen: ObservationFacts | null; readonly curve: readonly WorkingSetPoint[] }

/** All that was seen of VMs of a site between two instants, in the order of `vmIds` and in at most so many intervals; null when any of them is not there. VMs that were not observed have none. */
export async function readObservedVms(tx: ScopedTx, siteId: string, vmIds: readonly string[], from: Date, until: Date, mostIntervals = MOST_INTERVALS): Promise<ObservedVm[] | null> {
  const rows = await tx.db.vm.findMany({ where: { id: { in: [...vmIds] }, siteId }, include: { disks: { select: { sizeBytes: true, usedBytes: true } }, migrations: { orderBy: { id: 'desc' }, take: 1, select: { replications: { select: { sizeBytes: true, verifiedBytes: true } } } } } })
  if (rows.length !== vmIds.length) return null
  const facts = new Map((await readObservationFacts(tx, vmIds, from, until)).map((one) => [one.vmId, one]))
  // As fine as what there is allows, not as what was asked for would.
  const first = new Date(Math.max(from.getTime(), Math.min(until.getTime(), ...[...facts.values()].map(({ firstAt }) => firstAt.getTime()))))
  const last = new Date(Math.min(until.getTime(), Math.max(first.getTime(), ...[...facts.values()].map(({ lastAt }) => lastAt.getTime()))))
  const longest = Math.max(0, ...[...facts.values()].map(({ minuteSeconds }) => minuteSeconds))
  const minutes = await readObservedMinutes(tx, vmIds, first, last, mostIntervals, longest || undefined)
  const sets = Map.groupBy(await readWorkingSets(tx, vmIds, first, last, { mostMinutes: MOST_INTERVALS, minuteSeconds: minutes.minuteSeconds }), ({ vmId }) => vmId)
  const contents = new Map((await readVmContents(tx, vmIds)).map((one) => [one.vmId, one]))
  const sampled = vmIds.filter((id) => !facts.has(id))
  const churn = Map.groupBy(await readChurn(tx, sampled, from, until), ({ vmId }) => vmId)
  const byId = new Map(rows.map((row) => [row.id, row]))
  return vmIds.flatMap((id) => {
    const row = byId.get(id)
    if (row === undefined) return []
    const source = facts.get(id)?.source ?? null
    const points = churn.get(id) ?? []
    const seen = source !== null ? ofMinutes(id, minutes, source, sets.get(id) ?? []) : points.length > 0 ? ofSamples(points, churnBucketSeconds((until.getTime() - from.getTime()) / 1000)) : NOTHING
    const content = contents.get(id)
    const sum = (pick: (disk: { readonly sizeBytes: bigint; readonly usedBytes: bigint }) => bigint) => row.disks.reduce((total, disk) => total + Number(pick(disk)), 0)
    const replicas = row.migrations[0]?.replications ?? []
    return [{
      name: row.name, source: source ?? (points.length > 0 ? ('SAMPLES' as const) : null), minuteSeconds: source === null ? null : minutes.minuteSeconds, seen: facts.get(id) ?? null, curve: sets.get(id) ?? [],
      vm: {
        id, usedBytes: sum(({ usedBytes }) => usedBytes), sizeBytes: sum(({ sizeBytes }) => sizeBytes), ...seen,
        ...(replicas.length === 0 ? {} : { unprovenBytes: replicas.reduce((total, disk) => total + Math.max(0, Number(disk.sizeBytes - disk.verifiedBytes)), 0) }),
        ...(content === undefined || content.wireBytes === null || content.allocatedBytes <= 0 ? {} : { sentShare: content.wireBytes / content.allocatedBytes }),
      },
    }]
  })
}

type Seen = Pick<WaveVm, 'intervalSeconds' | 'dirtiedBytes' | 'firstIntervalAtMs' | 'workingSet' | 'writeLatencyMs'>

const NOTHING: Seen = { intervalSeconds: 60, dirtiedBytes: [], firstIntervalAtMs: 0 }

/** Counters never say which blocks: what they count stands for unique blocks, and the estimate is longer for it. Where blocks are seen, a bucket that was not seen whole is a gap. */
function ofMinutes(vmId: string, { buckets, bucketSeconds, minuteSeconds }: ObservedMinutes, source: ObservationSource, points: readonly WorkingSetPoint[]): Seen {
  const own = buckets.filter((bucket) => bucket.vmId === vmId)
  const first = own[0]?.at.getTime()
  if (first === undefined) return NOTHING
  const latencies = own.flatMap(({ latencyMs }) => latencyMs ?? [])
  const known = own.map((bucket) => ({ atMs: bucket.at.getTime(), bytes: bucket.uniqueBytes ?? (source === 'COUNTERS' && bucket.coveredSeconds >= bucketSeconds / 2 ? (bucket.writtenBytes * bucketSeconds) / bucket.coveredSeconds : null) }))
  return {
    intervalSeconds: bucketSeconds, firstIntervalAtMs: first, dirtiedBytes: evenly(known, first, bucketSeconds * 1000),
    ...(points.length === 0 ? {} : { workingSet: points.map(({ minutes, medianBytes }) => ({ spanSeconds: minutes * minuteSeconds, uniqueBytes: medianBytes })) }),
    ...(latencies.length === 0 ? {} : { writeLatencyMs: latencies.reduce((sum, value) => sum + value, 0) / latencies.length }),
  }
}

function ofSamples(points: readonly ChurnPoint[], seconds: number): Seen {
  const first = points[0]?.at.getTime() ?? 0
  return { intervalSeconds: seconds, firstIntervalAtMs: first, dirtiedBytes: evenly(points.map(({ at, bytesPerSecond }) => ({ atMs: at.getTime(), bytes: bytesPerSecond * seconds })), first, seconds * 1000) }
}

/** One value for each interval from `firstMs` to the last that is known; null where none is. */
function evenly(known: readonly { readonly atMs: number; readonly bytes: number | null }[], firstMs: number, stepMs: number): (number | null)[] {
  const values: (number | null)[] = []
  for (const { atMs, bytes } of known) {
    const index = Math.round((atMs - firstMs) / stepMs)
    // The callers' buckets bound it: 1,500 of them at most.
    while (values.length < index) values.push(null)
    values[index] = bytes
  }
  return values
}
