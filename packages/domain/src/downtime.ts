/**
 * The guest's downtime in seconds: from its last acknowledged write at the source to its first at
 * the target, both by the hosts' clocks. Never negative: clocks of two sites may differ a little.
 */
export function downtimeSeconds(sourceLastWriteAtMs: number, targetFirstWriteAtMs: number): number {
  return Math.max(0, (targetFirstWriteAtMs - sourceLastWriteAtMs) / 1000)
}

/** The value not exceeded in `share` (0 to 1) of `values`, by nearest rank; null of nothing. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  return sorted[rank - 1] ?? null
}
