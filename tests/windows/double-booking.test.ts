/** Two hundred waves want the same windows of one site at once, through the very function that books: nobody gets what another has, and nobody waits in a ring. */
import { bookWindow, inScope, openDb, withdrawBooking } from '@driftless/db'
import type { Db, WindowChoice } from '@driftless/db'
import { BOOKING_HOLDS_SLOT, DomainError, slotsOf } from '@driftless/domain'
import type { SiteCalendar } from '@driftless/domain'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, seedDemo } from '../../prisma/seed/demo.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

const RIVALS = 200
const TIMES = 20
/** Of their own, each attempt waits for the site: fewer say as much. */
const OWN_TIMES = 5
const HOUR_MS = 3_600_000
/** Several portals, each with the connections of one. */
const PORTALS = 4
const CONNECTIONS = 10
const OLIVIA = { kind: 'USER', id: 'user-olivia', name: 'Olivia Berger' } as const
const OWNED = { providerId: 'northwind', tenantId: 'alpine' }

type Attempt = { readonly waveId: string; readonly choice: WindowChoice }
type Outcome = { readonly said: string; readonly tookMs: number }

let database: TestDatabase
let owner: Db
let portals: Db[]
beforeAll(async () => {
  database = await createTestDatabase()
  owner = openDb(database.ownerUrl, 2)
  portals = Array.from({ length: PORTALS }, () => openDb(database.webUrl, CONNECTIONS))
  await seedDemo(owner, () => Promise.resolve('no password'))
  const rivals = Array.from({ length: RIVALS }, (_, at) => `rival-${at}`)
  await owner.vm.createMany({ data: rivals.map((id) => ({ id, ...OWNED, siteId: DEMO_SOURCE_SITE, ref: id, name: id, guestOs: 'lab', cpus: 1, memoryBytes: 1n, network: 'web', power: 'ON' as const, health: 'HEALTHY' as const, hypervisor: {}, seenAt: new Date() })) })
  await owner.wave.createMany({ data: rivals.map((id) => ({ id, ...OWNED, siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', name: id, createdById: 'user-olivia' })) })
  await owner.migration.createMany({ data: rivals.map((id) => ({ id, ...OWNED, waveId: id, vmId: id, position: 0, network: 'web', storage: 'gold', cpus: 1, memoryBytes: 1n })) })
})
afterAll(async () => {
  await Promise.all([owner?.$disconnect(), ...(portals ?? []).map((portal) => portal.$disconnect())])
  await database?.drop()
})
beforeEach(async () => {
  await owner.booking.deleteMany()
  await owner.windowSlot.deleteMany()
  await owner.siteCalendar.deleteMany()
})

/** Slots of `cutovers` places each, one every hour of every day; the next ones. */
async function publish(cutovers: number, count: number): Promise<string[]> {
  const patterns = Array.from({ length: 24 }, (_, hour) => ({ days: [1, 2, 3, 4, 5, 6, 7], startMinute: hour * 60, lengthMinutes: 60, lockoutMinutes: 15, cutovers, bandwidthBytesPerSecond: null, staff: null }))
  const calendar: SiteCalendar = { zone: 'Europe/Zurich', patterns, exceptions: [], blackouts: [], noticeHours: 0, holdHours: 48, ownTimes: true }
  const { zone, noticeHours, holdHours, ownTimes } = calendar
  await owner.siteCalendar.create({ data: { siteId: DEMO_TARGET_SITE, providerId: 'northwind', zone, patterns, exceptions: [], blackouts: [], noticeHours, holdHours, ownTimes } })
  return slotsOf(calendar, Date.now() + HOUR_MS, Date.now() + 100 * HOUR_MS).slice(1, count + 1).map(({ key }) => key)
}

const held = () => owner.booking.findMany({ where: { targetSiteId: DEMO_TARGET_SITE, status: { in: [...BOOKING_HOLDS_SLOT] } }, orderBy: { startsAt: 'asc' }, include: { slot: true } })
const everyRival = (choiceOf: (rival: number, time: number) => WindowChoice, times: number) => Array.from({ length: RIVALS * times }, (_, at): Attempt => ({ waveId: `rival-${at % RIVALS}`, choice: choiceOf(at % RIVALS, Math.floor(at / RIVALS)) }))
const counted = (outcomes: readonly Outcome[]) => Object.fromEntries([...Map.groupBy(outcomes, ({ said }) => said)].map(([said, all]) => [said, all.length]))

describe('200 rivals at once', () => {
  it('at 20 slots of one place each: each slot goes to exactly one of them', async () => {
    const keys = await publish(1, TIMES)
    const outcomes = await askAll('20 slots of one place', everyRival((_rival, time) => ({ slotKey: keys[time] ?? '' }), TIMES))
    const bookings = await held()
    expect(bookings.map(({ slot }) => slot?.slotKey)).toEqual(keys)
    expect(new Set(bookings.map(({ waveId }) => waveId)).size).toBe(TIMES)
    expect(bookings.every(({ status, slot }) => status === 'REQUESTED' && slot?.heldCutovers === 1 && slot.heldBookings === 1)).toBe(true)
    const { BOOKED, ...refused } = counted(outcomes)
    expect(BOOKED).toBe(TIMES)
    for (const code of Object.keys(refused)) expect(['SLOT_FULL', 'SLOT_TAKEN', 'WAVE_HAS_BOOKING']).toContain(code)
  })

  it('at one slot of 20 places: exactly 20 of them, and all that is held is counted', async () => {
    const [key = ''] = await publish(TIMES, 1)
    const outcomes = await askAll('one slot of 20 places', everyRival(() => ({ slotKey: key }), 1))
    expect(counted(outcomes)).toEqual({ BOOKED: TIMES, SLOT_FULL: RIVALS - TIMES })
    const bookings = await held()
    expect(bookings).toHaveLength(TIMES)
    expect(await owner.windowSlot.findMany({ select: { heldBookings: true, heldCutovers: true } })).toEqual([{ heldBookings: TIMES, heldCutovers: TIMES }])

    // What is given up in the middle of it all is there for others, once.
    const leaving = bookings.slice(0, 5)
    const others = Array.from({ length: RIVALS }, (_, at) => `rival-${at}`).filter((id) => !bookings.some(({ waveId }) => waveId === id))
    await Promise.all([
      Promise.all(leaving.map(({ id }) => inScope(portalAt(0), scope, (tx) => withdrawBooking(tx, id)))),
      askAll('the same, while five give up', others.map((waveId) => ({ waveId, choice: { slotKey: key } }))),
    ])
    const late = others.slice(0, 2 * leaving.length)
    await askAll('afterwards', late.map((waveId) => ({ waveId, choice: { slotKey: key } })))
    const end = await held()
    expect(end).toHaveLength(TIMES)
    expect(await owner.windowSlot.findMany({ select: { heldBookings: true, heldCutovers: true } })).toEqual([{ heldBookings: TIMES, heldCutovers: TIMES }])
  })

  it('at five times of their own that overlap: no two of those that are held share a moment', async () => {
    const nowMs = Date.now()
    // Half of the rivals ask half an hour later, so that times overlap without being the same.
    const outcomes = await askAll('five times of their own', everyRival((rival, time) => {
      const startsAtMs = nowMs + HOUR_MS * (1 + 2 * time) + (rival % 2) * (HOUR_MS / 2)
      return { startsAt: new Date(startsAtMs), endsAt: new Date(startsAtMs + HOUR_MS) }
    }, OWN_TIMES))
    expect(counted(outcomes)).toEqual({ BOOKED: OWN_TIMES, SLOT_TAKEN: expect.any(Number), WAVE_HAS_BOOKING: expect.any(Number) })
    const bookings = await held()
    expect(bookings).toHaveLength(OWN_TIMES)
    for (const [at, booking] of bookings.slice(1).entries()) expect(booking.startsAt.getTime()).toBeGreaterThanOrEqual(bookings[at]?.endsAt.getTime() ?? Infinity)
  })

  it('none of them ever fell into a deadlock', async () => {
    const deadlocks: unknown = await owner.$queryRaw`SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`
    expect(deadlocks).toEqual([{ deadlocks: 0 }])
  })
})

const scope = { kind: 'tenant', tenantId: 'alpine', actor: OLIVIA } as const
function portalAt(at: number): Db {
  const portal = portals[at % portals.length]
  if (portal === undefined) throw new Error('There is no portal.')
  return portal
}

/** Every connection of every portal asks as long as attempts are left. Answers what each attempt was told. */
async function askAll(what: string, attempts: readonly Attempt[]): Promise<Outcome[]> {
  const nowMs = Date.now()
  const left = attempts.values()
  const outcomes: Outcome[] = []
  const ask = async (portal: Db) => {
    for (const attempt of left) outcomes.push(await askOnce(portal, attempt, nowMs))
  }
  await Promise.all(portals.flatMap((portal) => Array.from({ length: CONNECTIONS }, () => ask(portal))))
  const times = outcomes.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other)
  const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(0) ?? '-'
  console.info(`${what}: ${outcomes.length} attempts over ${PORTALS * CONNECTIONS} connections, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${(outcomes.length / ((Date.now() - nowMs) / 1_000)).toFixed(0)} a second`)
  return outcomes
}

async function askOnce(portal: Db, { waveId, choice }: Attempt, nowMs: number): Promise<Outcome> {
  const startedMs = performance.now()
  const said = await inScope(portal, scope, (tx) => bookWindow(tx, { waveId, ...choice, note: null }, nowMs)).then(() => 'BOOKED', (error: unknown) => (error instanceof DomainError ? error.code : String(error)))
  return { said, tookMs: performance.now() - startedMs }
}
