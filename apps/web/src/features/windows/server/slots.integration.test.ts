import { advanceBooking, COORDINATOR, databaseNow, inScope, listDueBookings, lockBooking, openDb } from '@driftless/db'
import type { Db } from '@driftless/db'
import { nextBookingStatus } from '@driftless/domain'
import type { SiteCalendar } from '@driftless/domain'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addWave, openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const HOUR_MS = 3_600_000
const SITE = 'site-northwind-zurich'
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS)
const SLOT = { lengthMinutes: 120, lockoutMinutes: 30, cutovers: 1, bandwidthBytesPerSecond: 10_000_000, staff: 1 }
/** Slots at every second even hour, one VM each, one day's notice. */
const CALENDAR: SiteCalendar = {
  zone: 'Asia/Kolkata', patterns: [0, 4, 8, 12, 16, 20].map((hour) => ({ ...SLOT, days: [1, 2, 3, 4, 5, 6, 7], startMinute: hour * 60 })), exceptions: [], blackouts: [], noticeHours: 24, holdHours: 6, ownTimes: true,
}

describe('a target site that publishes slots', () => {
  let portal: Portal
  let coordinator: Db
  let alpineWave: string
  let otherWave: string
  let harbourWave: string
  beforeAll(async () => {
    portal = await openPortal()
    coordinator = openDb(portal.databaseUrls.coordinator, 1)
    alpineWave = await addWave(portal.owner, 'web')
    otherWave = await addWave(portal.owner, 'orders')
    harbourWave = await addWave(portal.owner, 'archive')
  })
  afterAll(async () => {
    await coordinator?.$disconnect()
    await portal.close()
  })
  beforeEach(async () => {
    await portal.owner.booking.deleteMany()
    await portal.owner.windowSlot.deleteMany()
    await portal.owner.siteCalendar.deleteMany()
    await publish()
  })

  async function publish(changed: Partial<SiteCalendar> = {}, acknowledged: string[] = []): Promise<void> {
    const present = (await portal.as(PEOPLE.ada).configure.calendars()).find(({ siteId }) => siteId === SITE)
    await portal.as(PEOPLE.ada).configure.saveCalendar({ siteId: SITE, calendar: { ...CALENDAR, ...changed }, revision: present?.revision ?? null, acknowledged })
  }
  const board = (person: (typeof PEOPLE)[keyof typeof PEOPLE] = PEOPLE.olivia) => portal.as(person).windows.board({ targetSiteId: SITE, from: inHours(0), to: inHours(96) })
  const freeSlots = async () => (await board()).slots.filter(({ closed }) => closed === null)
  const slotAt = async (at: number) => {
    const slot = (await freeSlots())[at]
    if (slot === undefined) throw new Error('There is no such slot.')
    return slot
  }
  type Wish = { kind?: 'CUTOVER' | 'TEST'; staff?: number; bandwidthBytesPerSecond?: number }
  const book = (slotKey: string, waveId = alpineWave, person: (typeof PEOPLE)[keyof typeof PEOPLE] = PEOPLE.olivia, wish: Wish = {}) => portal.as(person).windows.book({ waveId, slotKey, note: '', ...wish })
  const offer = (bookingId: string, choice: { slotKey: string } | { startsAt: Date; endsAt: Date }, reason = 'Our people are away that night.') => portal.as(PEOPLE.samir).windows.offer({ bookingId, reason, ...choice })
  const read = (bookingId: string) => portal.owner.booking.findUniqueOrThrow({ where: { id: bookingId }, include: { slot: true } })

  it('shows what is free to customers, with its notice period, and not who has the rest', async () => {
    const first = await slotAt(0)
    expect(first.startsAt.getTime()).toBeGreaterThanOrEqual(Date.now() + 24 * HOUR_MS)
    expect(first).toMatchObject({ cutovers: 1, free: { cutovers: 1, bandwidthBytesPerSecond: 10_000_000, staff: 1 } })
    await book(first.key)
    const [seen] = (await board(PEOPLE.henry)).slots.filter(({ key }) => key === first.key)
    expect(seen).toMatchObject({ closed: 'FULL', free: { cutovers: 0 } })
    expect(JSON.stringify(await board(PEOPLE.henry))).not.toMatch(/alpine|olivia|Wave of/i)
    expect((await board(PEOPLE.samir)).zone).toBe('Asia/Kolkata')
  })

  it('takes a booking of a slot with the slot’s own times, and holds them until the request expires', async () => {
    const slot = await slotAt(1)
    const booking = await read(await book(slot.key, alpineWave, PEOPLE.olivia, { staff: 1, bandwidthBytesPerSecond: 10_000_000 }))
    expect(booking).toMatchObject({ status: 'REQUESTED', startsAt: slot.startsAt, endsAt: slot.endsAt, lockoutAt: slot.lockoutAt, cutovers: 1, staff: 1, slot: { heldBookings: 1, heldCutovers: 1, heldStaff: 1, heldBandwidthBytesPerSecond: 10_000_000n } })
    expect(Math.abs((booking.expiresAt?.getTime() ?? 0) - Date.now() - 6 * HOUR_MS)).toBeLessThan(60_000)
    expect(await refusal(book(slot.key, harbourWave, PEOPLE.henry))).toBe('SLOT_FULL')
  })

  it('refuses what does not fit, with the reason', async () => {
    const slot = await slotAt(0)
    expect(await refusal(book(slot.key, alpineWave, PEOPLE.olivia, { staff: 2 }))).toBe('SLOT_STAFF')
    expect(await refusal(book(slot.key, alpineWave, PEOPLE.olivia, { bandwidthBytesPerSecond: 10_000_001 }))).toBe('SLOT_BANDWIDTH')
    expect(await refusal(book('2026-01-01T00:00[Asia/Kolkata]'))).toBe('WINDOW_IN_THE_PAST')
    expect(await refusal(book(slot.key.replace('Kolkata', 'Tokyo')))).toBe('SLOT_UNKNOWN')
    const soon = (await board()).slots.find(({ closed }) => closed === 'NOTICE')
    expect(await refusal(book(soon?.key ?? ''))).toBe('WINDOW_NOTICE')
    expect(await refusal(book(slot.key, alpineWave, PEOPLE.olivia, { kind: 'TEST' }))).toBe('TEST_NOT_OFFERED')
    expect(await portal.owner.booking.count()).toBe(0)
  })

  it('gives a wave one window for its cutover and one for a test, where the target boots any', async () => {
    const agent = { host: 'h', version: '0', protocol: 1, lastContactAt: new Date() }
    await portal.owner.agent.create({ data: { id: 'agent-target', providerId: 'northwind', tenantId: null, siteId: SITE, role: 'TARGET', name: 'Target', certificateFingerprint: 'f', ...agent, hypervisor: { kind: 'LAB', product: null, capabilities: [{ name: 'TEST_BOOT', available: true, verified: 'REAL' }], filters: [], problem: null } } })
    expect((await portal.as(PEOPLE.olivia).windows.bookableWaves()).find(({ id }) => id === alpineWave)?.kinds).toEqual(['CUTOVER', 'TEST'])
    const test = await book((await slotAt(0)).key, alpineWave, PEOPLE.olivia, { kind: 'TEST' })
    expect((await portal.as(PEOPLE.olivia).windows.bookableWaves()).find(({ id }) => id === alpineWave)?.kinds).toEqual(['CUTOVER'])
    await book((await slotAt(1)).key)
    expect(await refusal(book((await slotAt(2)).key, alpineWave, PEOPLE.olivia, { kind: 'TEST' }))).toBe('WAVE_HAS_BOOKING')
    // The cutover's window is the wave's, though the test's was decided on first.
    await portal.as(PEOPLE.samir).windows.decide({ bookingId: test, approve: true, reason: '' })
    expect((await portal.as(PEOPLE.olivia).wave.read({ waveId: alpineWave })).booking).toMatchObject({ kind: 'CUTOVER', holds: true })
    await portal.owner.agent.delete({ where: { id: 'agent-target' } })
  })

  it('takes times of their own outside of slots and blackouts only', async () => {
    const slot = await slotAt(0)
    const own = (from: Date, hours: number) => portal.as(PEOPLE.olivia).windows.book({ waveId: alpineWave, startsAt: from, endsAt: new Date(from.getTime() + hours * HOUR_MS), note: '' })
    expect(await refusal(own(new Date(slot.endsAt.getTime() - 60_000), 1))).toBe('OWN_TIME_IN_SLOT')
    expect(await refusal(own(inHours(2), 1))).toBe('WINDOW_NOTICE')
    const bookingId = await own(slot.endsAt, 1)
    expect((await board()).taken).toHaveLength(1)
    await portal.as(PEOPLE.olivia).windows.withdraw({ bookingId })
    await publish({ blackouts: [{ fromMs: slot.endsAt.getTime(), toMs: slot.endsAt.getTime() + HOUR_MS, reason: 'Network works' }] })
    expect(await refusal(own(slot.endsAt, 1))).toBe('WINDOW_BLACKOUT')
    await publish({ ownTimes: false })
    expect(await refusal(own(slot.endsAt, 1))).toBe('OWN_TIMES_OFF')
  })

  it('says which bookings a new calendar is at odds with, leaves them alone, and lets nobody book what overlaps them', async () => {
    const slot = await slotAt(0)
    const bookingId = await portal.as(PEOPLE.olivia).windows.book({ waveId: alpineWave, startsAt: slot.endsAt, endsAt: new Date(slot.endsAt.getTime() + HOUR_MS), note: '' })
    const over: Partial<SiteCalendar> = { patterns: CALENDAR.patterns.map((pattern) => ({ ...pattern, startMinute: (pattern.startMinute + 120) % 1_440 })) }
    const conflicts = await portal.as(PEOPLE.ada).configure.checkCalendar({ siteId: SITE, calendar: { ...CALENDAR, ...over } })
    expect(conflicts).toMatchObject([{ bookingId, waveName: 'Wave of web', tenantName: 'Alpine Outfitters', conflict: 'IN_SLOT' }])
    expect(await refusal(publish(over))).toBe('CALENDAR_CONFLICTS')
    await publish(over, [bookingId])
    expect(await read(bookingId)).toMatchObject({ status: 'REQUESTED', startsAt: slot.endsAt })
    const covered = (await board()).slots.find(({ startsAt }) => startsAt.getTime() === slot.endsAt.getTime())
    expect(covered).toMatchObject({ closed: 'TAKEN' })
    expect(await refusal(book(covered?.key ?? '', harbourWave, PEOPLE.henry))).toBe('SLOT_TAKEN')
  })

  it('shows as taken what a held slot reaches into, as where a clock jumps or the calendar was changed', async () => {
    const held = await slotAt(0)
    const bookingId = await book(held.key)
    // Begins in the middle of the one that is held, which keeps its terms.
    await publish({ patterns: CALENDAR.patterns.map((pattern) => ({ ...pattern, startMinute: (pattern.startMinute + 60) % 1_440 })) }, [bookingId])
    const over = (await board()).slots.filter(({ startsAt, endsAt, key }) => key !== held.key && startsAt < held.endsAt && endsAt > held.startsAt)
    expect(over).toHaveLength(1)
    expect(over).toMatchObject([{ closed: 'TAKEN' }])
    expect(await refusal(book(over[0]?.key ?? '', harbourWave, PEOPLE.henry))).toBe('SLOT_TAKEN')
    await portal.as(PEOPLE.olivia).windows.withdraw({ bookingId })
    expect((await board()).slots.find(({ key }) => key === over[0]?.key)).toMatchObject({ closed: null })
  })

  it('gives back what a wave holds whose VMs have all ended, and takes no booking for it', async () => {
    const slot = await slotAt(0)
    const bookingId = await book(slot.key)
    await portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: true, reason: '' })
    const due = () => inScope(coordinator, { kind: 'system', actor: COORDINATOR }, async (tx) => listDueBookings(tx, await databaseNow(tx), await databaseNow(tx)))
    expect(await due()).toEqual([])
    await portal.owner.migration.updateMany({ where: { waveId: alpineWave }, data: { status: 'CANCELLED' } })
    try {
      expect(await due()).toEqual([bookingId])
      await inScope(coordinator, { kind: 'system', actor: COORDINATOR }, async (tx) => {
        const locked = await lockBooking(tx, bookingId)
        const to = locked && nextBookingStatus({ status: locked.status, startsAtMs: locked.startsAt.getTime(), endsAtMs: locked.endsAt.getTime(), expiresAtMs: null }, Date.now(), true)
        expect(locked !== null && to !== null && (await advanceBooking(tx, locked, to))).toBe(true)
      })
      expect(await read(bookingId)).toMatchObject({ status: 'WITHDRAWN', revision: 2, slot: { heldBookings: 0 } })
      expect(await portal.owner.auditEntry.findFirst({ where: { action: 'booking.withdraw', subjectId: bookingId } })).toMatchObject({ before: 'APPROVED', after: 'WITHDRAWN', reason: 'Every VM of the wave has ended.' })
      expect(await due()).toEqual([])
      expect(await refusal(book(slot.key))).toBe('WAVE_OVER')
    } finally {
      await portal.owner.migration.updateMany({ where: { waveId: alpineWave }, data: { status: 'ASSESSED' } })
    }
  })

  it('is withdrawn from where it stands: one that is approved, or opens, at that very moment', async () => {
    for (const [status, said] of [['APPROVED', null], ['IN_PROGRESS', 'WINDOW_IN_PROGRESS']] as const) {
      const bookingId = await book((await slotAt(0)).key)
      // Somebody holds the row, and has written what nobody else sees yet.
      const withdrawn = await portal.owner.$transaction(async (tx) => {
        await tx.booking.update({ where: { id: bookingId }, data: { status } })
        const call = portal.as(PEOPLE.olivia).windows.withdraw({ bookingId })
        const asked = call.then((done) => (done ? 'WITHDRAWN' : 'NOT'), () => refusal(call))
        await waitsForLock()
        return { asked }
      })
      expect(await withdrawn.asked).toBe(said ?? 'WITHDRAWN')
      if (said === null) expect(await portal.owner.auditEntry.findFirst({ where: { action: 'booking.withdraw', subjectId: bookingId } })).toMatchObject({ before: 'APPROVED' })
      await portal.owner.booking.deleteMany()
    }
  })

  /** Until a connection of this database waits for another's lock. */
  async function waitsForLock(): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const waiting: unknown = await portal.owner.$queryRaw`SELECT 1 AS one FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      if (Array.isArray(waiting) && waiting.length > 0) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error('Nobody waits.')
  }

  it('keeps the terms that a slot was booked with; one that nobody holds follows the calendar', async () => {
    const held = await slotAt(0)
    const left = await slotAt(1)
    const bookingId = await book(held.key)
    await portal.as(PEOPLE.henry).windows.withdraw({ bookingId: await book(left.key, harbourWave, PEOPLE.henry) })
    await publish({ patterns: CALENDAR.patterns.map((pattern) => ({ ...pattern, cutovers: 7 })) })
    const now = (await board()).slots
    expect(now.find(({ key }) => key === held.key)).toMatchObject({ cutovers: 1, closed: 'FULL' })
    expect(now.find(({ key }) => key === left.key)).toMatchObject({ cutovers: 7, free: { cutovers: 7 }, closed: null })
    await publish({ patterns: [] }, [bookingId])
    expect((await board()).slots).toMatchObject([{ key: held.key, closed: 'GONE' }])
    expect(await refusal(book(held.key, harbourWave, PEOPLE.henry))).toBe('SLOT_FULL')
  })

  it('is published by those who manage the provider’s sites, from the calendar that they have read', async () => {
    for (const person of [PEOPLE.samir, PEOPLE.watcher, PEOPLE.olivia]) expect(await refusal(portal.as(person).configure.saveCalendar({ siteId: SITE, calendar: CALENDAR, revision: 1 }))).toBe('FORBIDDEN')
    expect(await refusal(portal.as(PEOPLE.ada).configure.saveCalendar({ siteId: SITE, calendar: CALENDAR, revision: null }))).toBe('CALENDAR_CHANGED')
    expect(await refusal(portal.as(PEOPLE.ada).configure.saveCalendar({ siteId: 'site-alpine-hq', calendar: CALENDAR, revision: null }))).toBe('SITE_UNKNOWN')
    expect(await refusal(portal.as(PEOPLE.ada).configure.saveCalendar({ siteId: SITE, calendar: { ...CALENDAR, zone: 'Nowhere' }, revision: 1 }))).toBe('TIME_ZONE')
  })

  it('moves a request to the time that the scheduler offers, until the customer accepts it', async () => {
    const [asked, other] = [await slotAt(0), await slotAt(2)]
    const bookingId = await book(asked.key)
    expect(await refusal(offer(bookingId, { slotKey: other.key }, ' '))).toBe('REASON_MISSING')
    expect(await refusal(offer(bookingId, { slotKey: asked.key }))).toBe('OFFER_SAME_TIME')
    await offer(bookingId, { slotKey: other.key })
    const [seen] = await portal.as(PEOPLE.olivia).windows.list()
    expect(seen).toMatchObject({ status: 'COUNTER_OFFERED', startsAt: other.startsAt, askedStartsAt: asked.startsAt, askedEndsAt: asked.endsAt, decisionReason: 'Our people are away that night.', siteZone: 'Asia/Kolkata' })
    // What was asked for is free again, what is offered is held.
    await book(asked.key, harbourWave, PEOPLE.henry)
    expect(await refusal(book(other.key, otherWave))).toBe('SLOT_FULL')
    for (const person of [PEOPLE.samir, PEOPLE.anna, PEOPLE.viewer]) expect(await refusal(portal.as(person).windows.accept({ bookingId }))).toBe('FORBIDDEN')
    expect(await refusal(portal.as(PEOPLE.henry).windows.accept({ bookingId }))).toBe('BOOKING_UNKNOWN')
    expect(await refusal(portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: true, reason: '' }))).toBe('ALREADY_DECIDED')
    await portal.as(PEOPLE.olivia).windows.accept({ bookingId })
    expect(await read(bookingId)).toMatchObject({ status: 'APPROVED', startsAt: other.startsAt, revision: 2, decidedById: 'user-samir' })
    expect(await refusal(portal.as(PEOPLE.olivia).windows.accept({ bookingId }))).toBe('OFFER_GONE')
  })

  it('lets an offer be a time of its own inside the notice period, be withdrawn, and be taken back by the provider', async () => {
    const bookingId = await book((await slotAt(0)).key)
    const free = (await board()).slots.find(({ closed }) => closed === 'NOTICE')
    const startsAt = free?.endsAt ?? new Date()
    await offer(bookingId, { startsAt, endsAt: new Date(startsAt.getTime() + HOUR_MS) })
    expect(await read(bookingId)).toMatchObject({ slotId: null, status: 'COUNTER_OFFERED', startsAt })
    expect(await portal.owner.windowSlot.findMany({ where: { heldBookings: { gt: 0 } } })).toEqual([])
    await portal.as(PEOPLE.olivia).windows.withdraw({ bookingId })
    const second = await book((await slotAt(0)).key)
    await offer(second, { slotKey: (await slotAt(1)).key })
    expect(await refusal(portal.as(PEOPLE.samir).windows.decide({ bookingId: second, approve: false, reason: '' }))).toBe('REASON_MISSING')
    await portal.as(PEOPLE.samir).windows.decide({ bookingId: second, approve: false, reason: 'No more room that week.' })
    expect(await read(second)).toMatchObject({ status: 'REJECTED', revision: 2, slot: { heldBookings: 0, heldCutovers: 0 } })
  })

  it('has one effect when two decide at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const bookingId = await book((await slotAt(0)).key)
      const slotKey = (await slotAt(0)).key
      const said = await Promise.all([
        portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: true, reason: '' }), portal.as(PEOPLE.ada).windows.decide({ bookingId, approve: false, reason: 'No.' }),
        offer(bookingId, { slotKey }), portal.as(PEOPLE.ada).windows.offer({ bookingId, slotKey, reason: 'Other.' }),
      ].map((call) => call.then(() => 'DONE', () => 'REFUSED')))
      expect(said.filter((one) => one === 'DONE')).toHaveLength(1)
      const held = await portal.owner.windowSlot.aggregate({ _sum: { heldBookings: true } })
      expect(held._sum.heldBookings).toBe((await read(bookingId)).status === 'REJECTED' ? 0 : 1)
      await portal.owner.booking.deleteMany()
    }
  })

  it('gives up what a request holds when its time to be answered is over, and not a moment before', async () => {
    const bookingId = await book((await slotAt(0)).key)
    const due = () => inScope(coordinator, { kind: 'system', actor: COORDINATOR }, async (tx) => listDueBookings(tx, await databaseNow(tx), await databaseNow(tx)))
    expect(await due()).toEqual([])
    await portal.owner.booking.update({ where: { id: bookingId }, data: { expiresAt: new Date(Date.now() - 1_000) } })
    expect(await due()).toEqual([bookingId])
    // Too late for an answer, though nobody has come by to say so yet.
    expect(await refusal(portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: true, reason: '' }))).toBe('ALREADY_DECIDED')
    await inScope(coordinator, { kind: 'system', actor: COORDINATOR }, async (tx) => {
      const locked = await lockBooking(tx, bookingId)
      if (!locked) throw new Error('The booking is gone.')
      const to = nextBookingStatus({ status: locked.status, startsAtMs: locked.startsAt.getTime(), endsAtMs: locked.endsAt.getTime(), expiresAtMs: locked.expiresAt?.getTime() ?? null }, Date.now(), false)
      expect(to).toBe('EXPIRED')
      if (to !== null) expect(await advanceBooking(tx, locked, to)).toBe(true)
    })
    expect(await read(bookingId)).toMatchObject({ status: 'EXPIRED', revision: 1, slot: { heldBookings: 0 } })
  })

  it('leaves an entry that names who was not moved when a window ends without some of its VMs, and none when all were', async () => {
    const missed = async (status: 'READY_FOR_CUTOVER' | 'COMPLETED') => {
      const bookingId = await book((await slotAt(0)).key)
      await portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: true, reason: '' })
      const { waveId } = await portal.owner.booking.update({ where: { id: bookingId }, data: { status: 'IN_PROGRESS' } })
      await portal.owner.migration.updateMany({ where: { waveId }, data: { status } })
      await inScope(coordinator, { kind: 'system', actor: COORDINATOR }, async (tx) => {
        const locked = await lockBooking(tx, bookingId)
        expect(locked !== null && (await advanceBooking(tx, locked, 'DONE'))).toBe(true)
      })
      const vms = await portal.owner.migration.findMany({ where: { waveId }, select: { vm: { select: { name: true } } }, orderBy: { position: 'asc' } })
      return { names: vms.map(({ vm }) => vm.name).join(', '), entry: await portal.owner.auditEntry.findFirst({ where: { action: 'booking.missed', subjectId: bookingId } }) }
    }
    const left = await missed('READY_FOR_CUTOVER')
    expect(left.entry?.reason).toContain(`Not moved: ${left.names}.`)
    expect((await missed('COMPLETED')).entry).toBeNull()
    await portal.owner.migration.updateMany({ data: { status: 'READY_FOR_CUTOVER' } })
  })

  it('counts what is held whatever writes it: no row gets past the database', async () => {
    const slot = await slotAt(0)
    const booking = await read(await book(slot.key))
    const { id: _id, slot: _slot, ...row } = booking
    await expect(portal.owner.booking.create({ data: { ...row, waveId: harbourWave, tenantId: 'harbour' } })).rejects.toThrow('booking_slot_full')
    await expect(portal.owner.booking.create({ data: { ...row, slotId: null, waveId: harbourWave, tenantId: 'harbour' } })).rejects.toThrow('booking_slot_taken')
    await expect(portal.owner.booking.update({ where: { id: booking.id }, data: { startsAt: new Date(slot.startsAt.getTime() + 1) } })).rejects.toThrow('booking_slot_differs')
    await portal.owner.booking.update({ where: { id: booking.id }, data: { status: 'DONE' } })
    await portal.owner.booking.create({ data: { ...row, waveId: harbourWave, tenantId: 'harbour' } })
    await expect(portal.owner.booking.update({ where: { id: booking.id }, data: { status: 'APPROVED' } })).rejects.toThrow('booking_slot_full')
  })

  it('is written by customers nowhere: neither the calendar, nor a slot’s terms or counts', async () => {
    await book((await slotAt(0)).key)
    const { db } = await import('@/server/db.ts')
    const asCustomer = <T>(work: Parameters<typeof inScope<T>>[2]) => inScope(db(), { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: 'user-olivia', name: 'Olivia' } }, work)
    expect((await asCustomer((tx) => tx.db.windowSlot.updateMany({ data: { cutovers: 99 } }))).count).toBe(0)
    expect((await asCustomer((tx) => tx.db.siteCalendar.updateMany({ data: { noticeHours: 0 } }))).count).toBe(0)
    expect((await asCustomer((tx) => tx.db.siteCalendar.deleteMany())).count).toBe(0)
    await expect(asCustomer((tx) => tx.db.windowSlot.updateMany({ data: { heldCutovers: 0 } }))).rejects.toThrow('permission denied')
    expect(await asCustomer((tx) => tx.db.windowSlot.count())).toBe(1)
    expect(await inScope(db(), { kind: 'provider', providerId: 'elsewhere', actor: { kind: 'USER', id: 'x', name: 'x' } }, async (tx) => (await tx.db.windowSlot.count()) + (await tx.db.siteCalendar.count()))).toBe(0)
  })
})
