/** A first copy and all that is dirtied meanwhile, over one line. */
export type CopyRun = {
  readonly usedBytes: number
  readonly intervalSeconds: number
  /** Unique bytes dirtied in the interval with this index, from the copy's start on. */
  readonly dirtiedBytes: (index: number) => number
  readonly bytesPerSecond: number
  /** What has not ended by then counts as endless. */
  readonly horizonSeconds: number
}

/**
 * How long until everything is there that was written before: seconds; null: not within the horizon. A fluid model in steps: in each
 * interval the line takes its rate and the guests dirty what they do, evenly (pre-copy migration, Clark et al., NSDI 2005).
 */
export function copySeconds({ usedBytes, intervalSeconds, dirtiedBytes, bytesPerSecond, horizonSeconds }: CopyRun): number | null {
  const taken = bytesPerSecond * intervalSeconds
  let left = usedBytes
  if (left <= 0) return 0
  for (let index = 0; index * intervalSeconds < horizonSeconds; index += 1) {
    const gained = taken - dirtiedBytes(index)
    if (left <= gained) return (index + left / gained) * intervalSeconds
    left -= gained
  }
  return null
}
