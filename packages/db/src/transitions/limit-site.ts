import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** Slower than a modem, a limit is a typing error (8 kbit/s); pausing is another control. */
export const LOWEST_LINK_BYTES_PER_SECOND = 1_000n
/** 400 Gbit/s: beyond today's widest port. */
export const HIGHEST_LINK_BYTES_PER_SECOND = 50_000_000_000n

/** Sets what all waves of a site together may send, in bytes per second; null for no limit. SITE_UNKNOWN, LINK_RATE. */
export async function limitSite(tx: ScopedTx, siteId: string, bytesPerSecond: bigint | null): Promise<void> {
  if (bytesPerSecond !== null && (bytesPerSecond < LOWEST_LINK_BYTES_PER_SECOND || bytesPerSecond > HIGHEST_LINK_BYTES_PER_SECOND))
    throw new DomainError('LINK_RATE', 'A link rate lies between 8 kbit/s and 400 Gbit/s.')
  const site = await tx.db.site.findUnique({ where: { id: siteId } })
  if (!site) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  if (site.linkRateBytesPerSecond === bytesPerSecond) return
  const written = await tx.db.site.updateMany({ where: { id: siteId }, data: { linkRateBytesPerSecond: bytesPerSecond } })
  if (written.count !== 1) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  await audit(tx, 'site.limit', { ...site, kind: 'site' }, { before: text(site.linkRateBytesPerSecond), after: text(bytesPerSecond) })
}

function text(limit: bigint | null): string {
  return limit === null ? 'none' : String(limit)
}
