/**
 * The guest's downtime in seconds: from its last acknowledged write at the source to its first at
 * the target, both by the hosts' clocks. Never negative: clocks of two sites may differ a little.
 */
export function downtimeSeconds(sourceLastWriteAtMs: number, targetFirstWriteAtMs: number): number {
  return Math.max(0, (targetFirstWriteAtMs - sourceLastWriteAtMs) / 1000)
}

/**
 * What the downtime was spent on, in order: the guest's own shutdown, sending its last blocks, the proof that both sides'
 * disks are equal, and starting at the target until the first write.
 */
export const DOWNTIME_PARTS = ['SHUTDOWN', 'LAST_BLOCKS', 'PROOF', 'START'] as const
export type DowntimePart = (typeof DOWNTIME_PARTS)[number]

/**
 * The downtime broken into its parts, in seconds; together they are the whole. `reachedAtMs` are the moments at which the
 * attempt came to a status. Null where one of them is unknown.
 */
export function downtimeParts(
  sourceLastWriteAtMs: number,
  reachedAtMs: { readonly SOURCE_OFF?: number | undefined; readonly VERIFYING?: number | undefined; readonly TARGET_BOOTING?: number | undefined },
  targetFirstWriteAtMs: number,
): Record<DowntimePart, number> | null {
  const { SOURCE_OFF: off, VERIFYING: synced, TARGET_BOOTING: proven } = reachedAtMs
  if (off === undefined || synced === undefined || proven === undefined) return null
  const end = Math.max(sourceLastWriteAtMs, targetFirstWriteAtMs)
  // Three clocks measured this: what goes back in time is cut, so that the parts still add up.
  const edges = [sourceLastWriteAtMs]
  for (const atMs of [off, synced, proven]) edges.push(Math.min(Math.max(atMs, edges.at(-1) ?? atMs), end))
  edges.push(end)
  const seconds = (part: number) => ((edges[part + 1] ?? end) - (edges[part] ?? end)) / 1000
  return { SHUTDOWN: seconds(0), LAST_BLOCKS: seconds(1), PROOF: seconds(2), START: seconds(3) }
}

/** The value not exceeded in `share` (0 to 1) of `values`, by nearest rank; null of nothing. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  return sorted[rank - 1] ?? null
}
