/** What one telemetry sample says about a VM's race against its link; rates are over the interval that ends at `atMs`. */
export type LinkSample = {
  readonly atMs: number
  readonly intervalSeconds: number
  /** Guest bytes that became durable at the target. */
  readonly backgroundBytesPerSecond: number
  readonly foregroundBytesPerSecond: number
  /** All that is still to send. */
  readonly backlogBytes: number
  /** Since when the target has lacked something that the guest wrote. */
  readonly lagSeconds: number
  readonly guestWriteBytesPerSecond: number
  /** Distinct pages written in the interval, in bytes. */
  readonly uniqueWriteBytes: number
}

/** Whether replication ever catches up as things are. Rates in bytes per second. */
export type Convergence = {
  readonly converges: boolean
  /** What the link takes, counted in the guest's bytes. */
  readonly drainBytesPerSecond: number
  /** What becomes different again meanwhile. */
  readonly dirtyBytesPerSecond: number
  /** A cap on the guest's writes with which it would catch up. */
  readonly throttleBytesPerSecond: number
}

/** Only the recent past counts: links and loads change. */
export const CONVERGENCE_WINDOW_SECONDS = 30
/** Agents take a sample every two seconds: this is known within ten, before a third pass over a backlog worth speaking of. */
const FEWEST_SAMPLES = 5
/** After a silence this long (a broken link, a pause) what was before says nothing about now. */
const LONGEST_QUIET_SECONDS = 10
/** A target this close behind is in step, however fast the guest writes: the rest takes that long at the cutover. */
const WORRYING_LAG_SECONDS = 5
const HARMLESS_LAG_SECONDS = 2
/** Dirtied for each byte sent. From here on catching up takes 20 times as long as a plain copy, or for ever. */
const HOPELESS_RATIO = 0.95
/** Only well below it is it called mended: a verdict must not flicker. */
const MENDED_RATIO = 0.8
/** The backlog alone may jump for other reasons (a first estimate corrected): the guest's own writes must explain it as well. */
const LEAST_WRITTEN_RATIO = 0.5
/** Half of what drains leaves the other half for the backlog: each pass is then at most half of the one before. */
export const CONVERGING_SHARE = 0.5

/**
 * Judges whether a VM's backlog ever ends at its present rates; null while that can't be said (too few samples, nothing
 * sent). `samples` in order, oldest first; `diverged` is the verdict before, which needs more to be taken back.
 *
 * The backlog changes by what is dirtied less what is sent, so what is dirtied is the drain plus the backlog's growth: writes
 * to a block that still waits count once, as on the wire. With a ratio r of dirtied to sent, n passes leave r^n of what
 * there was (Clark et al., "Live Migration of Virtual Machines", NSDI 2005); at 1 and above nothing ever ends.
 */
export function convergence(samples: readonly LinkSample[], diverged: boolean): Convergence | null {
  const window = recent(samples)
  const [first, ...rest] = window
  const last = rest.at(-1)
  if (first === undefined || last === undefined || window.length < FEWEST_SAMPLES) return null
  const seconds = rest.reduce((sum, sample) => sum + sample.intervalSeconds, 0)
  const perSecond = (of: (sample: LinkSample) => number) => rest.reduce((sum, sample) => sum + of(sample), 0) / seconds
  const drain = perSecond((sample) => drained(sample) * sample.intervalSeconds)
  if (!(drain > 0)) return null
  const dirty = Math.max(0, drain + (last.backlogBytes - first.backlogBytes) / seconds)
  const unique = perSecond((sample) => sample.uniqueWriteBytes)
  const written = perSecond((sample) => sample.guestWriteBytesPerSecond * sample.intervalSeconds)
  const hopeless = diverged
    ? last.lagSeconds >= HARMLESS_LAG_SECONDS && dirty >= MENDED_RATIO * drain
    : last.lagSeconds >= WORRYING_LAG_SECONDS && dirty >= HOPELESS_RATIO * drain && unique >= LEAST_WRITTEN_RATIO * drain
  // Writes smaller than a page dirty all of it.
  const amplification = written > 0 ? Math.max(1, unique / written) : 1
  // A link that has just become slower (or its data harder to compress) is believed at once; the throttle must do for it.
  const late = rest.slice(-FEWEST_SAMPLES)
  const lately = late.reduce((sum, sample) => sum + drained(sample) * sample.intervalSeconds, 0) / late.reduce((sum, sample) => sum + sample.intervalSeconds, 0)
  const lowest = lately > 0 ? Math.min(drain, lately) : drain
  return { converges: !hopeless, drainBytesPerSecond: drain, dirtyBytesPerSecond: dirty, throttleBytesPerSecond: (CONVERGING_SHARE * lowest) / amplification }
}

const drained = (sample: LinkSample) => sample.backgroundBytesPerSecond + sample.foregroundBytesPerSecond

/** The samples of the window since the last long silence. */
function recent(samples: readonly LinkSample[]): readonly LinkSample[] {
  const newest = samples.at(-1)
  if (newest === undefined) return []
  let from = samples.length
  let quietSeconds = 0
  let quietFrom = from
  for (let index = samples.length - 1; index >= 0; index -= 1) {
    const sample = samples[index]
    if (sample === undefined || newest.atMs - sample.atMs > CONVERGENCE_WINDOW_SECONDS * 1000) break
    if (drained(sample) > 0) quietSeconds = 0
    else {
      if (quietSeconds === 0) quietFrom = index
      quietSeconds += sample.intervalSeconds
      if (quietSeconds > LONGEST_QUIET_SECONDS) return samples.slice(quietFrom + 1)
    }
    from = index
  }
  return samples.slice(from)
}
