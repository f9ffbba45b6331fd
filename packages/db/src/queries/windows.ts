import { BOOKING_HOLDS_SLOT, MIGRATION_ENDED } from '@driftless/domain'
import { z } from 'zod'
import type { BookingKind, Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { SITE_ZONE, siteZoneOf } from './site-zone.ts'
import { sideOf } from './wave-sides.ts'

/** More windows ahead than a page can show; a site takes one wave at a time. */
const MOST_HELD = 200
/** Closed ones are read once and then found in the audit log. */
const MOST_CLOSED = 50

/** Bookings that the scope may see, those that hold a slot first, with what a scheduler weighs: the VMs and their size. */
export async function listBookings(tx: ScopedTx) {
  const held = await withWave(tx, { status: { in: [...BOOKING_HOLDS_SLOT] } }, 'asc', MOST_HELD)
  const closed = await withWave(tx, { status: { notIn: [...BOOKING_HOLDS_SLOT] } }, 'desc', MOST_CLOSED)
  const rows = [...held, ...closed]
  const people = await peopleNames(tx, rows.flatMap((row) => [row.requestedById, row.decidedById]))
  const found = await tx.db.site.findMany({ where: { id: { in: [...new Set(rows.map((row) => row.targetSiteId))] } }, select: { id: true, name: true, ...SITE_ZONE } })
  const sites = new Map(found.map((site) => [site.id, { name: site.name, zone: siteZoneOf(site) }]))
  return rows.map(({ wave, ...row }) => ({
    id: row.id, status: row.status, startsAt: row.startsAt, endsAt: row.endsAt, lockoutAt: row.lockoutAt, note: row.note,
    decisionReason: row.decisionReason, requestedAt: row.requestedAt, decidedAt: row.decidedAt,
    kind: row.kind, slotKey: row.slot?.slotKey ?? null, cutovers: row.cutovers, staff: row.staff, bandwidthBytesPerSecond: row.bandwidthBytesPerSecond === null ? null : Number(row.bandwidthBytesPerSecond),
    expiresAt: row.expiresAt, askedStartsAt: row.askedStartsAt, askedEndsAt: row.askedEndsAt,
    requestedByName: people.get(row.requestedById) ?? null,
    decidedByName: row.decidedById === null ? null : (people.get(row.decidedById) ?? null),
    targetSiteId: row.targetSiteId, targetSiteName: sites.get(row.targetSiteId)?.name ?? '', siteZone: sites.get(row.targetSiteId)?.zone ?? null,
    waveId: wave.id, waveName: wave.name, siteId: wave.siteId, tenantId: wave.tenant.id, tenantName: wave.tenant.name, destinationName: wave.destination.name,
    vms: wave.migrations.map((migration) => ({
      vmId: migration.vmId, name: migration.vm.name, replications: migration.replications,
      sizeBytes: migration.replications.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0),
    })),
  }))
}

function withWave(tx: ScopedTx, where: Prisma.BookingWhereInput, startsAt: 'asc' | 'desc', most: number) {
  return tx.db.booking.findMany({
    where, orderBy: { startsAt }, take: most,
    include: { slot: { select: { slotKey: true } }, wave: { include: { tenant: { select: { id: true, name: true } }, destination: { select: { name: true } }, migrations: { include: { vm: { select: { name: true } }, replications: { select: { sizeBytes: true, verifiedBytes: true } } } } } } },
  })
}

export type BookingRow = Awaited<ReturnType<typeof listBookings>>[number]

/** A tenant's waves that a window can be booked for: started or planned, not over, and without a booking that counts for a cutover, or for a test where the target offers any. `kinds` says which. */
export async function listBookableWaves(tx: ScopedTx, now: Date) {
  const counts = { status: { in: [...BOOKING_HOLDS_SLOT] }, endsAt: { gt: now } }
  const rows = await tx.db.wave.findMany({
    where: { migrations: { some: { status: { notIn: [...MIGRATION_ENDED] } } }, OR: [{ bookings: { none: { kind: 'CUTOVER', ...counts } } }, { bookings: { none: { kind: 'TEST', ...counts } } }] },
    orderBy: { createdAt: 'desc' }, take: MOST_HELD,
    include: { destination: { include: { targetSite: { select: { name: true, agents: true } } } }, migrations: { select: { status: true, targetAgentId: true } }, bookings: { where: counts, select: { kind: true } } },
  })
  return rows.map((wave) => ({
    id: wave.id, name: wave.name, vms: wave.migrations.filter(({ status }) => !MIGRATION_ENDED.includes(status)).length, kinds: openKinds(wave, now), started: wave.startedAt !== null,
    ready: wave.migrations.filter(({ status }) => status === 'READY_FOR_CUTOVER').length,
    targetSiteId: wave.destination.targetSiteId, targetSiteName: wave.destination.targetSite.name, destinationName: wave.destination.name,
  })).filter(({ kinds }) => kinds.length > 0)
}

type WaveToBook = Prisma.WaveGetPayload<{ include: { destination: { include: { targetSite: { select: { agents: true } } } }; migrations: { select: { targetAgentId: true } }; bookings: { select: { kind: true } } } }>

/** What a window can be booked for: one of each kind at a time, a test only where the target's hypervisor boots any. */
function openKinds({ bookings, destination, migrations }: WaveToBook, now: Date): BookingKind[] {
  const free = (['CUTOVER', 'TEST'] as const).filter((kind) => !bookings.some((booking) => booking.kind === kind))
  const target = sideOf(destination.targetSite.agents, new Set(migrations.map(({ targetAgentId }) => targetAgentId)), now)
  return free.filter((kind) => kind === 'CUTOVER' || target?.testBoot === true)
}

const slot = z.object({ starts_at: z.date(), ends_at: z.date() })

/** The times of their own that somebody holds at a target site, never who; what is held of slots stands in their rows; null when the scope does not see the site. */
export async function readTakenSlots(tx: ScopedTx, targetSiteId: string, from: Date, to: Date) {
  const site = await tx.db.site.findFirst({ where: { id: targetSiteId, kind: 'TARGET' }, select: { id: true } })
  if (!site) return null
  const rows: unknown = await tx.db.$queryRaw`SELECT starts_at, ends_at FROM taken_slots(${targetSiteId}, ${from}, ${to})`
  return z.array(slot).parse(rows).map((one) => ({ startsAt: one.starts_at, endsAt: one.ends_at }))
}

/** Names of people that the scope sees; a customer does not see who at the provider decided. */
async function peopleNames(tx: ScopedTx, ids: readonly (string | null)[]): Promise<Map<string, string>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))]
  const rows = await tx.db.user.findMany({ where: { id: { in: wanted } }, select: { id: true, name: true } })
  return new Map(rows.map((person) => [person.id, person.name]))
}
