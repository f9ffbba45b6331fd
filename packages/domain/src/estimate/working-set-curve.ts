import type { WorkingSetPoint } from './wave-input.ts'

/** One straight piece of a curve: while less than `untilBytes` wait, of what is written this share is new. */
export type NewShare = { readonly untilBytes: number; readonly share: number }

/** The curve in order, made concave and rising: what a longer span writes beyond a shorter one is never more per second than before. */
export function concave(points: readonly WorkingSetPoint[]): WorkingSetPoint[] {
  const hull: WorkingSetPoint[] = [{ spanSeconds: 0, uniqueBytes: 0 }]
  const sane = points.filter(({ spanSeconds, uniqueBytes }) => spanSeconds > 0 && uniqueBytes >= 0).toSorted((one, other) => one.spanSeconds - other.spanSeconds)
  for (const point of sane) {
    const floor = hull.at(-1)?.uniqueBytes ?? 0
    const next = { spanSeconds: point.spanSeconds, uniqueBytes: Math.max(point.uniqueBytes, floor) }
    while (hull.length > 1 && slope(hull.at(-2), hull.at(-1)) < slope(hull.at(-1), next)) hull.pop()
    if (next.spanSeconds > (hull.at(-1)?.spanSeconds ?? 0)) hull.push(next)
  }
  return hull.slice(1)
}

/**
 * How much of what is dirtied is new while bytes wait already: the rest is dirty anyway and will be sent once. With the working set W(T),
 * a backlog of W(T) bytes grows by dW/dT, the miss rate of a window T (Denning and Schwartz, "Properties of the working-set model", CACM 15,
 * 1972); relative to the rate that was observed in single intervals. Empty: everything is new.
 */
export function newShares(points: readonly WorkingSetPoint[], intervalSeconds: number): NewShare[] {
  const curve = concave(points)
  const first = curve.find(({ spanSeconds }) => spanSeconds >= intervalSeconds - 1e-9)
  if (first === undefined || first.uniqueBytes <= 0) return []
  const observed = first.uniqueBytes / first.spanSeconds
  const shares: NewShare[] = [{ untilBytes: first.uniqueBytes, share: 1 }]
  let before = first
  for (const point of curve.slice(curve.indexOf(first) + 1)) {
    shares.push({ untilBytes: point.uniqueBytes, share: Math.min(1, slope(before, point) / observed) })
    before = point
  }
  const last = shares.at(-1)
  // Beyond the longest span that was seen, the last slope goes on.
  return last === undefined ? [] : [...shares.slice(0, -1), { ...last, untilBytes: Number.POSITIVE_INFINITY }]
}

/**
 * Unique bytes written within a span: straight between the points. Beyond the longest span the curve goes on as the power of time that
 * its last two points show, the exponent between 0 and 1 (working sets grow like that, and more slowly than time); with one point,
 * straight on. Null of no points.
 */
export function uniqueBytesWithin(points: readonly WorkingSetPoint[], spanSeconds: number): number | null {
  const curve = concave(points)
  const last = curve.at(-1)
  if (last === undefined) return null
  if (spanSeconds <= 0) return 0
  if (spanSeconds >= last.spanSeconds) return last.uniqueBytes * (spanSeconds / last.spanSeconds) ** exponent(curve.at(-2), last)
  let before: WorkingSetPoint = { spanSeconds: 0, uniqueBytes: 0 }
  for (const point of curve) {
    if (spanSeconds <= point.spanSeconds) return before.uniqueBytes + slope(before, point) * (spanSeconds - before.spanSeconds)
    before = point
  }
  return last.uniqueBytes
}

function exponent(before: WorkingSetPoint | undefined, last: WorkingSetPoint): number {
  if (before === undefined || before.uniqueBytes <= 0) return 1
  return Math.min(1, Math.max(0, Math.log(last.uniqueBytes / before.uniqueBytes) / Math.log(last.spanSeconds / before.spanSeconds)))
}

function slope(from: WorkingSetPoint | undefined, to: WorkingSetPoint | undefined): number {
  if (from === undefined || to === undefined || to.spanSeconds <= from.spanSeconds) return 0
  return (to.uniqueBytes - from.uniqueBytes) / (to.spanSeconds - from.spanSeconds)
}
