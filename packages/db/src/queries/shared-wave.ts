import { BOOKING_HOLDS_SLOT } from '@driftless/domain'
import { z } from 'zod'
import type { Db } from '../client.ts'
import type { ScopedTx } from '../scope.ts'
import { SITE_ZONE, siteZoneOf } from './site-zone.ts'
import { copiedShare } from './wave-progress.ts'

/** The links to a wave that still lead there, newest first; what they are is not known any more. */
export async function listWaveLinks(tx: ScopedTx, waveId: string, now: Date) {
  const rows = await tx.db.waveLink.findMany({ where: { waveId, endedAt: null, expiresAt: { gt: now } }, select: { id: true, createdAt: true, expiresAt: true, createdById: true }, orderBy: { createdAt: 'desc' } })
  const people = new Map((await tx.db.user.findMany({ where: { id: { in: rows.map(({ createdById }) => createdById) } }, select: { id: true, name: true } })).map(({ id, name }) => [id, name]))
  return rows.map(({ createdById, ...link }) => ({ ...link, createdByName: people.get(createdById) ?? null }))
}

const link = z.object({ wave_id: z.string(), tenant_id: z.string(), expires_at: z.date() })

/** What a link with this hash leads to; null when it has ended, or never was. */
export async function findWaveLink(db: Db, hash: string) {
  const [found] = z.array(link).max(1).parse(await db.$queryRaw`SELECT * FROM find_wave_link(${hash})`)
  return found ? { waveId: found.wave_id, tenantId: found.tenant_id, expiresAt: found.expires_at } : null
}

/** A wave as people outside of the portal see it: names, states, progress and the window; no addresses, hashes, people or reasons. */
export async function readSharedWave(tx: ScopedTx, waveId: string) {
  const wave = await tx.db.wave.findUnique({
    where: { id: waveId },
    select: {
      name: true, paused: true, tenant: { select: { name: true, provider: { select: { name: true } } } }, destination: { select: { targetSite: { select: { name: true, ...SITE_ZONE } } } },
      bookings: { where: { kind: 'CUTOVER', status: { in: [...BOOKING_HOLDS_SLOT] } }, orderBy: { startsAt: 'desc' }, take: 1, select: { status: true, startsAt: true, endsAt: true } },
      migrations: { orderBy: [{ position: 'asc' }, { id: 'asc' }], select: { id: true, status: true, vm: { select: { name: true } }, replications: true } },
    },
  })
  if (!wave) return null
  const { targetSite: site } = wave.destination
  return {
    name: wave.name, paused: wave.paused, tenantName: wave.tenant.name, providerName: wave.tenant.provider.name, siteName: site.name, siteZone: siteZoneOf(site),
    window: wave.bookings[0] ?? null,
    vms: wave.migrations.map(({ status, vm, replications }) => ({ name: vm.name, status, copiedShare: copiedShare(replications) })),
  }
}
