import { fairPart } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'
import { siteRateAt } from './site-rate.ts'

/** Where a wave goes: its own target site, or, while nobody has chosen one, any to which its customer may go. */
export type Whither = { readonly siteId: string; readonly waveId: string | null; readonly targetSiteId: string | null }

const others = z.array(z.object({ wants_bytes_per_second: z.bigint().nullable() }))

/**
 * What the target site's line takes in from one wave beside all copies into it that run now, of whichever customer (max-min fair, as streams share a
 * line by themselves); bytes per second. Where several sites are possible, the least. Null: the provider did not say what its lines take in.
 */
export async function readTargetShare(tx: ScopedTx, { siteId, waveId, targetSiteId }: Whither, at: Date): Promise<number | null> {
  const shares: number[] = []
  for (const site of await targetsOf(tx, { siteId, waveId, targetSiteId })) {
    const { bytesPerSecond } = siteRateAt(site, at)
    if (bytesPerSecond === null) continue
    const rows: unknown = await tx.db.$queryRaw`SELECT wants_bytes_per_second FROM copies_into(${site.id}, ${waveId})`
    shares.push(fairPart(bytesPerSecond, others.parse(rows).map(({ wants_bytes_per_second: wants }) => (wants === null ? null : Number(wants)))))
  }
  return shares.length === 0 ? null : Math.min(...shares)
}

async function targetsOf(tx: ScopedTx, { siteId, waveId, targetSiteId }: Whither) {
  const select = { id: true, linkRateBytesPerSecond: true, rateSchedule: true, timeZone: true } as const
  if (targetSiteId !== null) return tx.db.site.findMany({ where: { id: targetSiteId, kind: 'TARGET' }, select })
  if (waveId !== null) return tx.db.site.findMany({ where: { kind: 'TARGET', destinations: { some: { waves: { some: { id: waveId } } } } }, select })
  const source = await tx.db.site.findUnique({ where: { id: siteId }, select: { tenantId: true } })
  return source === null || source.tenantId === null ? [] : tx.db.site.findMany({ where: { kind: 'TARGET', destinations: { some: { tenantId: source.tenantId } } }, select })
}
