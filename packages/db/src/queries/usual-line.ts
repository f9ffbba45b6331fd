import { meanLine } from '@driftless/domain'
import type { EstimateLink } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import type { SiteLink } from './site-link.ts'
import { readTargetShare } from './target-share.ts'
import type { Whither } from './target-share.ts'

/**
 * What a site's line gives in the mean of a week, in bytes per second, for what goes over it at hours that nobody knows yet: devices come in days, and
 * the site's timetable has changed by then. Never more than `rateBytesPerSecond`, or than the target's end takes in beside what else comes in now.
 */
export async function readUsualLine(tx: ScopedTx, link: SiteLink, { rateBytesPerSecond, ...whither }: Whither & { readonly rateBytesPerSecond: number | null }, now: Date): Promise<EstimateLink> {
  const atMost = Math.min(rateBytesPerSecond ?? Infinity, (await readTargetShare(tx, whither, now)) ?? Infinity)
  const { p50BytesPerSecond, p90BytesPerSecond } = meanLine({ link: link.line, startAtMs: now.getTime(), timeZone: link.timeZone })
  return { p50BytesPerSecond: Math.min(atMost, p50BytesPerSecond), p90BytesPerSecond: Math.min(atMost, p90BytesPerSecond) }
}
