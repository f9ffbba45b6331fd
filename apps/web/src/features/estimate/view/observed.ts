import type { WaveVm } from '@driftless/domain'

/** Unique bytes that VMs change together per second; null at times of which nothing is known of any of them. */
export type ChurnPoint = { readonly atMs: number; readonly bytesPerSecond: number | null }

/** The churn of all VMs together, one point for each of the longest of their intervals, oldest first. A VM that has a gap counts as nothing in it. */
export function churnPoints(vms: readonly Pick<WaveVm, 'intervalSeconds' | 'firstIntervalAtMs' | 'dirtiedBytes'>[]): ChurnPoint[] {
  const observed = vms.filter(({ dirtiedBytes }) => dirtiedBytes.length > 0)
  const stepMs = Math.max(0, ...observed.map(({ intervalSeconds }) => intervalSeconds * 1000))
  const sums = new Map<number, number | null>()
  for (const { intervalSeconds, firstIntervalAtMs, dirtiedBytes } of observed) {
    dirtiedBytes.forEach((bytes, index) => {
      const at = Math.floor((firstIntervalAtMs + index * intervalSeconds * 1000) / stepMs) * stepMs
      const before = sums.get(at) ?? null
      sums.set(at, bytes === null ? before : (before ?? 0) + (bytes * 1000) / stepMs)
    })
  }
  return [...sums].map(([atMs, bytesPerSecond]) => ({ atMs, bytesPerSecond })).toSorted((one, other) => one.atMs - other.atMs)
}

type Gap = { readonly from: Date; readonly to: Date }

/** Stretches in which any VM was not seen, those that touch as one, in order. */
export function joinedGaps(gaps: readonly Gap[]): { fromMs: number; toMs: number }[] {
  const joined: { fromMs: number; toMs: number }[] = []
  for (const { from, to } of gaps.toSorted((one, other) => one.from.getTime() - other.from.getTime())) {
    const last = joined.at(-1)
    if (last && from.getTime() <= last.toMs) last.toMs = Math.max(last.toMs, to.getTime())
    else joined.push({ fromMs: from.getTime(), toMs: to.getTime() })
  }
  return joined
}

type SpanPoint = { readonly minutes: number; readonly medianBytes: number; readonly mostBytes: number }

/** The working-set curves of all VMs added up: unique bytes by span, minutes. Spans that not every VM with a curve has are left out. */
export function joinedCurve(points: readonly (SpanPoint & { readonly vmId: string })[]): SpanPoint[] {
  const vms = new Set(points.map(({ vmId }) => vmId)).size
  return [...Map.groupBy(points, ({ minutes }) => minutes)].filter(([, own]) => own.length === vms).toSorted(([one], [other]) => one - other)
    .map(([minutes, own]) => ({ minutes, medianBytes: own.reduce((sum, { medianBytes }) => sum + medianBytes, 0), mostBytes: own.reduce((sum, { mostBytes }) => sum + mostBytes, 0) }))
}

type Content = { readonly allocatedBytes: number; readonly zeroShare: number | null; readonly compressedShare: number | null; readonly wireBytes: number | null; readonly sampledBlocks: number }

/** What disks hold, added up over the VMs whose blocks were read; null: none's were. */
export function joinedContent(contents: readonly Content[]): { vms: number; allocatedBytes: number; zeroBytes: number; savedBytes: number; wireBytes: number; sampledBlocks: number } | null {
  const read = contents.flatMap(({ wireBytes, ...content }) => (wireBytes === null ? [] : [{ ...content, wireBytes }]))
  if (read.length === 0) return null
  const sum = (pick: (content: (typeof read)[number]) => number) => read.reduce((total, content) => total + pick(content), 0)
  const allocatedBytes = sum((content) => content.allocatedBytes)
  const zeroBytes = sum(({ allocatedBytes: own, zeroShare }) => own * (zeroShare ?? 0))
  const wireBytes = sum((content) => content.wireBytes)
  return { vms: read.length, allocatedBytes, zeroBytes, savedBytes: allocatedBytes - zeroBytes - wireBytes, wireBytes, sampledBlocks: sum((content) => content.sampledBlocks) }
}
