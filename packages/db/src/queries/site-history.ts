import type { ScopedTx } from '../scope.ts'
import { readSiteHistory } from './cutover-forecast.ts'
import type { SiteHistory } from './cutover-forecast.ts'

/** A line's rate comes from a week of samples: reading it for every VM at every look would be the load itself. */
const KEPT_MS = 30_000
const MOST_SITES = 10_000

/** Remembers each site's history for half a minute; ask for sites that the scope sees alone. */
export function createSiteHistories() {
  const known = new Map<string, { history: SiteHistory; atMs: number }>()
  return async (tx: ScopedTx, siteId: string, now: Date): Promise<SiteHistory> => {
    const kept = known.get(siteId)
    if (kept && Math.abs(now.getTime() - kept.atMs) < KEPT_MS) return kept.history
    const history = await readSiteHistory(tx, siteId, now)
    if (known.size >= MOST_SITES) known.clear()
    known.set(siteId, { history, atMs: now.getTime() })
    return history
  }
}
export type SiteHistories = ReturnType<typeof createSiteHistories>
