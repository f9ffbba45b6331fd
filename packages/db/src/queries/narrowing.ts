import { forecastWave, seenUntil } from '@driftless/domain'
import type { OpenQuantiles, WaveInput } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { readWaveFacts } from './forecast.ts'

/** So many moments show how a range narrows; more cost as many estimates. */
const MOST_MOMENTS = 24
/** A day by the minute: the first moments have little to go by. */
const MOST_INTERVALS = 1_500
/** Enough for a line in a chart. */
const RUNS = 100
/** What was known at a moment that is over does not change: it is simulated once. */
const MOST_REMEMBERED = 5_000
/** Minutes come with the report that follows them, so of the latest moment not all is known yet. */
const SETTLED_MS = 180_000

/** What the estimate was when the observation had come to `at`; `seconds` null: not enough was known. */
export type EarlierEstimate = { readonly at: Date; readonly seconds: OpenQuantiles | null }

/**
 * Answers what an observation's estimate was at up to 24 moments, each from what had been seen by then, for a move that begins when the
 * observation ends, with the line and the site's lessons of today. It is read in one transaction, `inScope`, and simulated
 * outside of it; null: the scope has no such estimate.
 */
export function createNarrowing() {
  const known = new Map<string, EarlierEstimate>()
  return async (inScope: InScope, estimateId: string, now: Date): Promise<EarlierEstimate[] | null> => {
    const row = await inScope((tx) => tx.db.estimate.findUnique({ where: { id: estimateId }, include: { vms: { select: { vmId: true } } } }))
    if (!row) return null
    const wanted = momentsOf(row, now).map((at) => ({ at, key: `${estimateId} ${at.getTime()}` }))
    if (wanted.every(({ key }) => known.has(key))) return wanted.flatMap(({ key }) => known.get(key) ?? [])
    const input = await inScope((tx) => readInput(tx, row, now))
    const moments: EarlierEstimate[] = []
    for (const { at, key } of wanted) {
      const moment = known.get(key) ?? { at, seconds: input && secondsAt(input, at) }
      if (known.size >= MOST_REMEMBERED) known.clear()
      if (now.getTime() - at.getTime() > SETTLED_MS) known.set(key, moment)
      moments.push(moment)
      // Of 100 VMs each takes a fifth of a second: whoever else asks for something is answered in between.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return moments
  }
}

type InScope = <T>(read: (tx: ScopedTx) => Promise<T>) => Promise<T>
type Row = { readonly siteId: string; readonly startedAt: Date; readonly endsAt: Date; readonly vms: readonly { readonly vmId: string }[] }

/** Evenly over the observation, as far as it has come. */
function momentsOf({ startedAt, endsAt }: Row, now: Date): Date[] {
  const step = (endsAt.getTime() - startedAt.getTime()) / MOST_MOMENTS
  return Array.from({ length: MOST_MOMENTS }, (_, index) => new Date(startedAt.getTime() + (index + 1) * step)).filter((at) => at <= now)
}

async function readInput(tx: ScopedTx, { siteId, startedAt, endsAt, vms }: Row, now: Date): Promise<WaveInput | null> {
  const facts = await readWaveFacts(tx, { siteId, vmIds: vms.map(({ vmId }) => vmId), capBytesPerSecond: null, throttleBytesPerSecond: null, parallelCutovers: 1, startAt: endsAt, observedFrom: startedAt, observedUntil: endsAt < now ? endsAt : now, mostIntervals: MOST_INTERVALS, window: null, windows: [] }, now)
  return facts?.input ?? null
}

function secondsAt(input: WaveInput, at: Date): OpenQuantiles | null {
  const { enough, identicalSeconds } = forecastWave(seenUntil(input, at.getTime()), { runs: RUNS })
  return enough ? identicalSeconds : null
}
