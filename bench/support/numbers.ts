/** The middle of the values, or the mean of the two in the middle. Throws without any. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  const lower = sorted.length % 2 === 1 ? upper : sorted[middle - 1]
  if (upper === undefined || lower === undefined) throw new Error('There is no median of nothing.')
  return (lower + upper) / 2
}

/** The value that the given share (0 to 1) of all values does not exceed. Throws without any. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]
  if (value === undefined) throw new Error('There is no percentile of nothing.')
  return value
}

/** A clock that all processes of this machine share: milliseconds, monotonic, of no particular beginning. */
export const machineNowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000
