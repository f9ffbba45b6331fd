import { DomainError, MOST_PROBE_SHARE, checkSchedule, isLinkRate, isProbeShare } from '@driftless/domain'
import type { RateSchedule } from '@driftless/domain'
import { audit } from '../audit.ts'
import { Prisma } from '../generated/client.ts'
import { rateScheduleOf } from '../queries/site-rate.ts'
import type { ScopedTx } from '../scope.ts'

/** Sets what all waves of a site together may send, in bytes per second; null for no limit. SITE_UNKNOWN, LINK_RATE. */
export async function limitSite(tx: ScopedTx, siteId: string, bytesPerSecond: bigint | null): Promise<void> {
  if (!isLinkRate(bytesPerSecond)) throw new DomainError('LINK_RATE', 'A link rate lies between 8 kbit/s and 400 Gbit/s.')
  const site = await tx.db.site.findUnique({ where: { id: siteId } })
  if (!site) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  if (site.linkRateBytesPerSecond === bytesPerSecond) return
  const written = await tx.db.site.updateMany({ where: { id: siteId }, data: { linkRateBytesPerSecond: bytesPerSecond } })
  if (written.count !== 1) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  await audit(tx, 'site.limit', { ...site, kind: 'site' }, { before: text(site.linkRateBytesPerSecond), after: text(bytesPerSecond) })
}

/** Gives a site's limit a timetable; null takes it away. SITE_UNKNOWN, TIME_ZONE, RATE_SCHEDULE, LINK_RATE. */
export async function scheduleSite(tx: ScopedTx, siteId: string, schedule: RateSchedule | null): Promise<void> {
  if (schedule !== null) checkSchedule(schedule)
  const site = await tx.db.site.findUnique({ where: { id: siteId } })
  if (!site) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  const before = rateScheduleOf(site)
  if (JSON.stringify(before) === JSON.stringify(schedule)) return
  const rules = schedule?.rules.map((rule) => ({ ...rule, days: [...rule.days] }))
  const written = await tx.db.site.updateMany({ where: { id: siteId }, data: { rateSchedule: rules ?? Prisma.DbNull, timeZone: schedule?.zone ?? null } })
  if (written.count !== 1) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  await audit(tx, 'site.schedule', { ...site, kind: 'site' }, { before: lines(before), after: lines(schedule), detail: { zone: schedule?.zone ?? null, rules: rules ?? [] } })
}

/** Agrees on the part of the time in which probes may fill a site's line while VMs are observed there; 0: there are none. SITE_UNKNOWN, PROBE_SHARE. */
export async function limitProbes(tx: ScopedTx, siteId: string, share: number): Promise<void> {
  if (!isProbeShare(share)) throw new DomainError('PROBE_SHARE', `Probes take from 0 to ${MOST_PROBE_SHARE * 100} % of the time.`, { most: MOST_PROBE_SHARE * 100 })
  const site = await tx.db.site.findUnique({ where: { id: siteId } })
  if (!site) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  if (site.probeShare === share) return
  const written = await tx.db.site.updateMany({ where: { id: siteId }, data: { probeShare: share } })
  if (written.count !== 1) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  await audit(tx, 'site.probes', { ...site, kind: 'site' }, { before: String(site.probeShare), after: String(share) })
}

function text(limit: bigint | null): string {
  return limit === null ? 'none' : String(limit)
}

/** How many lines a timetable has: all of them stand in the entry's detail. */
function lines(schedule: RateSchedule | null): string {
  return String(schedule?.rules.length ?? 0)
}
