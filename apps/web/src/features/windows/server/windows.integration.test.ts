import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addWave, openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const HOUR_MS = 3_600_000
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS)
const SITE = 'site-northwind-zurich'

describe('service windows', () => {
  let portal: Portal
  let alpineWave: string
  let harbourWave: string

  beforeAll(async () => {
    portal = await openPortal()
    alpineWave = await addWave(portal.owner, 'web')
    harbourWave = await addWave(portal.owner, 'archive')
  })
  afterAll(() => portal.close())
  beforeEach(async () => {
    await portal.owner.booking.deleteMany()
    portal.woken.length = 0
  })

  const book = (person: (typeof PEOPLE)[keyof typeof PEOPLE], waveId: string, from = 2, to = 3) =>
    portal.as(person).windows.book({ waveId, startsAt: inHours(from), endsAt: inHours(to), note: ' On call ' })

  it('is requested, approved by the scheduler, and wakes what waits for it', async () => {
    const bookingId = await book(PEOPLE.olivia, alpineWave)
    const [migration] = await portal.owner.migration.findMany({ where: { waveId: alpineWave } })
    expect(portal.woken).toEqual([`advance-booking ${bookingId}`, `drive-migration ${migration?.id}`])
    await portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: true, reason: '' })
    const [seen] = await portal.as(PEOPLE.olivia).windows.list()
    expect(seen).toMatchObject({ id: bookingId, status: 'APPROVED', note: 'On call', requestedByName: 'Olivia Berger', decidedByName: null, waveName: 'Wave of web' })
    expect(await refusal(portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: false, reason: 'too late' }))).toBe('ALREADY_DECIDED')
  })

  it('is not approved, or taken as offered, once nothing starts in it any more', async () => {
    const locked = { startsAt: inHours(-1), lockoutAt: inHours(-0.1), endsAt: inHours(1) }
    const bookingId = await book(PEOPLE.olivia, alpineWave)
    await portal.owner.booking.update({ where: { id: bookingId }, data: locked })
    expect(await refusal(portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: true, reason: '' }))).toBe('WINDOW_LOCKED_OUT')
    await portal.as(PEOPLE.samir).windows.offer({ bookingId, startsAt: inHours(4), endsAt: inHours(5), reason: 'That is too late.' })
    await portal.owner.booking.update({ where: { id: bookingId }, data: locked })
    expect(await refusal(portal.as(PEOPLE.olivia).windows.accept({ bookingId }))).toBe('OFFER_GONE')
  })

  it('tells a scheduler what the cutovers need', async () => {
    await book(PEOPLE.olivia, alpineWave)
    const [request] = await portal.as(PEOPLE.samir).windows.list()
    expect(request).toMatchObject({ tenantName: 'Alpine Outfitters', requestedByName: 'Olivia Berger' })
    expect(request?.neededSeconds).toBeGreaterThan(0)
  })

  it('refuses a refusal without a reason', async () => {
    const bookingId = await book(PEOPLE.olivia, alpineWave)
    expect(await refusal(portal.as(PEOPLE.samir).windows.decide({ bookingId, approve: false, reason: '  ' }))).toBe('REASON_MISSING')
  })

  it('holds a requested slot against other customers, who see the time and no name', async () => {
    await book(PEOPLE.olivia, alpineWave)
    expect(await refusal(book(PEOPLE.henry, harbourWave, 2.5, 4))).toBe('SLOT_TAKEN')
    const board = await portal.as(PEOPLE.henry).windows.board({ targetSiteId: SITE, from: inHours(0), to: inHours(24) })
    expect(board).toMatchObject({ zone: null, ownTimes: true, slots: [], blackouts: [] })
    expect(board.taken).toHaveLength(1)
    expect(Object.keys(board.taken[0] ?? {}).sort()).toEqual(['endsAt', 'startsAt'])
    expect(await portal.as(PEOPLE.henry).windows.list()).toEqual([])
  })

  it('knows no foreign wave, booking or site', async () => {
    expect(await refusal(book(PEOPLE.henry, alpineWave))).toBe('WAVE_UNKNOWN')
    const bookingId = await book(PEOPLE.olivia, alpineWave)
    expect(await refusal(portal.as(PEOPLE.henry).windows.withdraw({ bookingId }))).toBe('BOOKING_UNKNOWN')
    expect(await refusal(portal.as(PEOPLE.henry).windows.board({ targetSiteId: 'site-alpine-hq', from: inHours(0), to: inHours(24) }))).toBe('SITE_UNKNOWN')
    expect(await portal.owner.booking.findUniqueOrThrow({ where: { id: bookingId } })).toMatchObject({ status: 'REQUESTED' })
  })

  it('is booked by operators and decided by schedulers only', async () => {
    expect(await refusal(book(PEOPLE.viewer, alpineWave))).toBe('FORBIDDEN')
    expect(await refusal(book(PEOPLE.samir, alpineWave))).toBe('FORBIDDEN')
    const bookingId = await book(PEOPLE.olivia, alpineWave)
    for (const person of [PEOPLE.olivia, PEOPLE.anna, PEOPLE.watcher]) expect(await refusal(portal.as(person).windows.decide({ bookingId, approve: true, reason: '' }))).toBe('FORBIDDEN')
    expect(await refusal(portal.as(null).windows.list())).toBe('SIGNED_OUT')
  })

  it('is offered for waves without a booking that counts', async () => {
    expect((await portal.as(PEOPLE.olivia).windows.bookableWaves()).map((wave) => wave.id)).toEqual([alpineWave])
    const bookingId = await book(PEOPLE.olivia, alpineWave)
    expect(await portal.as(PEOPLE.olivia).windows.bookableWaves()).toEqual([])
    expect(await portal.as(PEOPLE.olivia).windows.withdraw({ bookingId })).toBe(true)
    expect(await portal.as(PEOPLE.olivia).windows.bookableWaves()).toHaveLength(1)
  })

  it('checks what comes in', async () => {
    expect(await refusal(book(PEOPLE.olivia, alpineWave, -3, -2))).toBe('WINDOW_IN_THE_PAST')
    expect(await refusal(book(PEOPLE.olivia, alpineWave, 2, 2.01))).toBe('WINDOW_TOO_SHORT')
    expect(await refusal(book(PEOPLE.olivia, 'x'.repeat(500)))).toBe('BAD_INPUT')
    expect(await refusal(portal.as(PEOPLE.olivia).windows.board({ targetSiteId: SITE, from: inHours(1), to: inHours(0) }))).toBe('BAD_INPUT')
  })
})
