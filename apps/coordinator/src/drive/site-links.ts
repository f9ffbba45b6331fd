import { readSiteLink } from '@driftless/db'
import type { ScopedTx } from '@driftless/db'
import type { EstimateLink } from '@driftless/domain'

/** A line's rate comes from a week of samples: reading it for every VM at every look would be the load itself. */
const KEPT_MS = 30_000
const MOST_SITES = 10_000
/** Nothing is known of a site that is gone; nothing fits its windows then. */
const NO_LINK: EstimateLink = { p50BytesPerSecond: 0, p90BytesPerSecond: 0 }

/** Remembers each site's line for half a minute. */
export function createSiteLinks() {
  const known = new Map<string, { link: EstimateLink; atMs: number }>()
  return async (tx: ScopedTx, siteId: string, now: Date): Promise<EstimateLink> => {
    const kept = known.get(siteId)
    if (kept && Math.abs(now.getTime() - kept.atMs) < KEPT_MS) return kept.link
    const link = (await readSiteLink(tx, siteId, now)) ?? NO_LINK
    if (known.size >= MOST_SITES) known.clear()
    known.set(siteId, { link, atMs: now.getTime() })
    return link
  }
}
export type SiteLinks = ReturnType<typeof createSiteLinks>
