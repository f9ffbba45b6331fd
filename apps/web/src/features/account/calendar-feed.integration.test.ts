import { instantOf, parseCalendar, valueOf } from '@driftless/tests/support/ical.ts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { addWave, PEOPLE, refusal } from '@/testing/portal.ts'
import { openSignIn } from '@/testing/sign-in.ts'
import type { SignIn } from '@/testing/sign-in.ts'

const OPENING_MS = 120_000
const HOUR_MS = 3_600_000
/** One that clocks change in, with a name that calendars must escape. */
const ZONE = 'Europe/Zurich'

describe('a person’s calendar at a secret address', () => {
  let door: SignIn
  let bookingId: string
  beforeAll(async () => {
    door = await openSignIn()
    const { owner } = door.portal
    await owner.site.updateMany({ where: { kind: 'TARGET' }, data: { timeZone: ZONE } })
    const startsAt = new Date(Date.now() + 48 * HOUR_MS)
    for (const [person, vm, hours] of [[PEOPLE.olivia, 'web', 0], [PEOPLE.henry, 'archive', 24]] as const) {
      const waveId = await addWave(owner, vm)
      await owner.wave.update({ where: { id: waveId }, data: { name: `${vm}; with, signs \\ and a name that is so long that its line has to be folded, even in the middle of ééééé 🚚🚚🚚` } })
      const at = new Date(startsAt.getTime() + hours * HOUR_MS)
      const id = await door.portal.as(person).windows.book({ waveId, startsAt: at, endsAt: new Date(at.getTime() + 4 * HOUR_MS), note: '' })
      await door.portal.as(PEOPLE.samir).windows.decide({ bookingId: id, approve: true, reason: '' })
      if (person === PEOPLE.olivia) bookingId = id
    }
  }, OPENING_MS)
  afterAll(() => door?.close())
  afterEach(() => door.reset())

  const ask = async (address: string) => {
    const { GET } = await import('@/app/api/calendar/[file]/route.ts')
    return GET(new Request(address), { params: Promise.resolve({ file: address.slice(address.lastIndexOf('/') + 1) }) })
  }
  const read = async (address: string) => parseCalendar(await (await ask(address)).text())
  const make = async (email?: string) => {
    const { calls } = await door.signedIn(email)
    return { calls, ...(await (await calls()).account.makeFeed()) }
  }

  it('has what the person sees, by the book, and nothing of another customer', async () => {
    const { address } = await make()
    expect(address).toMatch(/\/api\/calendar\/[\w-]{43}\.ics$/)
    const answer = await ask(address)
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control'), answer.headers.get('x-robots-tag')]).toEqual([200, 'text/calendar; charset=utf-8', 'private, no-store', 'noindex, nofollow'])
    const text = await answer.text()
    expect(text).not.toContain('archive')
    const calendar = parseCalendar(text)
    expect(calendar.properties.has('METHOD')).toBe(false)
    expect(calendar.parts).toHaveLength(1)
    const [event] = calendar.parts
    if (!event) throw new Error('no event')
    const booking = await door.portal.owner.booking.findUniqueOrThrow({ where: { id: bookingId } })
    expect([valueOf(event, 'UID'), valueOf(event, 'SEQUENCE'), valueOf(event, 'STATUS')]).toEqual([`booking-${bookingId}@portal.test`, String(booking.revision), 'CONFIRMED'])
    expect(valueOf(event, 'SUMMARY')).toBe('Cutover: web; with, signs \\ and a name that is so long that its line has to be folded, even in the middle of ééééé 🚚🚚🚚')
    expect(instantOf(event, 'DTSTART').getTime()).toBe(Math.floor(booking.startsAt.getTime() / 1_000) * 1_000)
    expect(instantOf(event, 'DTEND').getTime()).toBe(Math.floor(booking.endsAt.getTime() / 1_000) * 1_000)
    expect(valueOf(event, 'DESCRIPTION')).toContain(ZONE)
  })

  it('has all customers’ windows for the provider’s staff', async () => {
    const { address } = await make('scheduler@northwind.example')
    expect((await read(address)).parts).toHaveLength(2)
  })

  it('keeps its hash alone, shows it once, and asks who it is before', async () => {
    const { calls, address } = await make()
    const secret = /([\w-]{43})\.ics$/.exec(address)?.[1] ?? ''
    expect(JSON.stringify(await door.portal.owner.calendarFeed.findMany())).not.toContain(secret)
    const settings = await (await calls()).account.notices()
    expect(JSON.stringify(settings)).not.toContain(secret)
    expect(settings.feedSince).toBeInstanceOf(Date)
    expect(JSON.stringify(await door.portal.owner.auditEntry.findMany({ where: { action: { startsWith: 'user.calendar' } } }), (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(secret)
    await door.portal.owner.portalSession.updateMany({ data: { authenticatedAt: new Date(Date.now() - HOUR_MS) } })
    expect(await refusal((await calls()).account.makeFeed())).toBe('CONFIRM_FIRST')
  })

  it('ends with a new one, when it is ended, and when its person is shut out', async () => {
    const first = await make()
    const second = await make()
    expect([(await ask(first.address)).status, (await ask(second.address)).status]).toEqual([404, 200])
    await door.portal.owner.user.update({ where: { id: PEOPLE.olivia.userId }, data: { deactivatedAt: new Date() } })
    expect((await ask(second.address)).status).toBe(404)
    await door.portal.owner.user.update({ where: { id: PEOPLE.olivia.userId }, data: { deactivatedAt: null } })
    expect((await ask(second.address)).status).toBe(200)
    await (await second.calls()).account.endFeed()
    expect((await ask(second.address)).status).toBe(404)
    expect((await (await second.calls()).account.notices()).feedSince).toBeNull()
  })

  it('says of what is off that it is', async () => {
    const { address } = await make()
    await door.portal.as(PEOPLE.olivia).windows.withdraw({ bookingId })
    expect((await read(address)).parts.map((part) => valueOf(part, 'STATUS'))).toEqual(['CANCELLED'])
  })

  it('is nobody’s at any other address, and asked too often says so', async () => {
    for (const file of ['none.ics', `${'a'.repeat(43)}.ics`, `${'a'.repeat(43)}`, '..ics', `${'a'.repeat(4_000)}.ics`]) expect((await ask(`http://portal.test/api/calendar/${file}`)).status).toBe(404)
    let last = 200
    for (let times = 0; times < 300 && last !== 429; times++) last = (await ask('http://portal.test/api/calendar/none.ics')).status
    expect(last).toBe(429)
  })

  it('keeps what a person chose to be written about', async () => {
    const { calls } = await door.signedIn()
    expect((await (await calls()).account.notices()).categories).toEqual(['APPROVALS', 'WINDOWS', 'CUTOVERS', 'ESTIMATES', 'SHIPMENTS', 'REMINDERS', 'CALENDAR'])
    await (await calls()).account.chooseNotices({ muted: ['CALENDAR', 'CALENDAR', 'WINDOWS'] })
    expect(await (await calls()).account.notices()).toMatchObject({ muted: ['WINDOWS', 'CALENDAR'], possible: false })
    await (await calls()).account.chooseNotices({ muted: [] })
    expect((await (await calls()).account.notices()).muted).toEqual([])
    expect((await door.portal.owner.auditEntry.findMany({ where: { action: 'user.notices' } })).map(({ after }) => after)).toEqual(['APPROVALS, CUTOVERS, ESTIMATES, SHIPMENTS, REMINDERS', 'APPROVALS, WINDOWS, CUTOVERS, ESTIMATES, SHIPMENTS, REMINDERS, CALENDAR'])
    const scheduler = await door.signedIn('scheduler@northwind.example')
    expect((await (await scheduler.calls()).account.notices()).categories).toEqual(['WINDOWS', 'SHIPMENTS', 'REMINDERS', 'CALENDAR'])
  })
})
