import { DomainError, LONGEST_SHARE_DAYS, MOST_WAVE_LINKS } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

const DAY_MS = 86_400_000

/** Lets whoever has a link look at a wave for so many days; of its secret only `hash` is kept. WAVE_UNKNOWN, WAVE_LINK_LIMIT. */
export async function shareWave(tx: ScopedTx, waveId: string, hash: string, days: number, now: Date): Promise<{ readonly expiresAt: Date }> {
  const wave = await tx.db.wave.findUnique({ where: { id: waveId }, select: { id: true, name: true, providerId: true, tenantId: true } })
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  const open = await tx.db.waveLink.count({ where: { waveId, endedAt: null, expiresAt: { gt: now } } })
  if (open >= MOST_WAVE_LINKS) throw new DomainError('WAVE_LINK_LIMIT', `There are ${MOST_WAVE_LINKS} links to this wave already.`, { most: MOST_WAVE_LINKS })
  const expiresAt = new Date(now.getTime() + Math.min(days, LONGEST_SHARE_DAYS) * DAY_MS)
  await tx.db.waveLink.createMany({ data: { providerId: wave.providerId, tenantId: wave.tenantId, waveId, tokenHash: hash, createdById: tx.actor.id ?? 'system', createdAt: now, expiresAt } })
  await audit(tx, 'wave.share', { ...wave, kind: 'wave' }, { after: expiresAt.toISOString() })
  return { expiresAt }
}

/** Ends a link at once. WAVE_LINK_UNKNOWN; false when it had ended. */
export async function endWaveLink(tx: ScopedTx, linkId: string, now: Date): Promise<boolean> {
  const link = await tx.db.waveLink.findUnique({ where: { id: linkId }, select: { id: true, providerId: true, tenantId: true, waveId: true } })
  if (!link) throw new DomainError('WAVE_LINK_UNKNOWN', 'There is no such link.')
  const written = await tx.db.waveLink.updateMany({ where: { id: linkId, endedAt: null, expiresAt: { gt: now } }, data: { endedAt: now } })
  if (written.count !== 1) return false
  const wave = await tx.db.wave.findUniqueOrThrow({ where: { id: link.waveId }, select: { name: true } })
  await audit(tx, 'wave.share-end', { ...link, kind: 'wave', id: link.waveId, name: wave.name })
  return true
}
