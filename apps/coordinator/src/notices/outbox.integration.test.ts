import { acceptOffer, bookWindow, decideBooking, inScope, offerWindow, openDb, withdrawBooking } from '@driftless/db'
import type { Db, Scope, ScopedTx } from '@driftless/db'
import { AUDIENCES, NOTICE_KINDS, NOTICE_RULES, USER_ROLES, inAudience, isProviderRole } from '@driftless/domain'
import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import { instantOf, parseCalendar, valueOf } from '@driftless/tests/support/ical.ts'
import { plainText, startSmtpServer } from '@driftless/tests/support/smtp.ts'
import type { Delivered } from '@driftless/tests/support/smtp.ts'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { seedDemo } from '../../../../prisma/seed/demo.ts'
import { APPROVER, OPERATOR, SCHEDULER, eventually } from '../testing/world.ts'
import { openNotices } from './outbox.ts'

const HOUR_MS = 3_600_000
const ALPINE = { providerId: 'northwind', tenantId: 'alpine' }
const OLIVIA = 'operator@alpine.example'
const ANNA = 'approver@alpine.example'

describe('what is written to people', () => {
  let database: TestDatabase
  let owner: Db
  let web: Db
  let coordinator: Db
  let smtp: Awaited<ReturnType<typeof startSmtpServer>>
  let waveId: string
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 3)
    web = openDb(database.webUrl, 3)
    coordinator = openDb(database.coordinatorUrl, 10)
    smtp = await startSmtpServer()
    await seedDemo(owner, () => Promise.resolve('no password'))
    await owner.user.updateMany({ where: { id: 'user-olivia' }, data: { locale: 'fr' } })
    await owner.site.updateMany({ where: { id: 'site-northwind-zurich' }, data: { timeZone: 'Europe/Zurich' } })
    await owner.vm.create({ data: { id: 'vm-web', ...ALPINE, siteId: 'site-alpine-hq', ref: 'web', name: 'web', guestOs: 'Debian', cpus: 2, memoryBytes: 1n, network: 'lan', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: new Date() } })
  })
  beforeEach(async () => {
    smtp.delivered.length = 0
    smtp.state.accept = true
    await owner.notice.deleteMany()
    await owner.noticeChoice.deleteMany()
    await owner.booking.deleteMany()
    await owner.migration.deleteMany()
    await owner.wave.deleteMany()
    const wave = await owner.wave.create({ data: { ...ALPINE, siteId: 'site-alpine-hq', destinationId: 'destination-alpine', name: 'Wave <one>, été; \\ 🚚', createdById: 'user-olivia', migrations: { create: [{ ...ALPINE, vmId: 'vm-web', position: 0, status: 'READY_FOR_CUTOVER', network: 'n', storage: 's', cpus: 2, memoryBytes: 1n }] } } })
    waveId = wave.id
  })
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close()
  })
  afterAll(async () => {
    await smtp.close()
    await Promise.all([owner.$disconnect(), web.$disconnect(), coordinator.$disconnect()])
    await database.drop()
  })

  const as = <T>(scope: Scope, work: (tx: ScopedTx) => Promise<T>) => inScope(web, scope, work)
  const open = async (url: string | null = smtp.url) => {
    const opened = await openNotices({ db: coordinator, log: pino({ level: 'silent' }) }, { databaseUrl: database.coordinatorUrl, server: url === null ? null : { url, from: 'Northwind <no-reply@northwind.example>', portalUrl: 'https://portal.northwind.example' } })
    closers.push(() => opened.close())
  }
  const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS)
  const book = (hours = 48) => as(OPERATOR, (tx) => bookWindow(tx, { waveId, startsAt: inHours(hours), endsAt: inHours(hours + 4), note: null }, Date.now()))
  const decide = (bookingId: string, approve = true) => as(SCHEDULER, (tx) => decideBooking(tx, { bookingId, approve, reason: approve ? null : 'people are away' }, new Date()))
  const settled = () => eventually(async () => (await owner.notice.count({ where: { status: 'PENDING', nextAttemptAt: { lte: new Date() } } })) === 0)
  const kindsOf = async (userId: string) => (await owner.notice.findMany({ where: { userId }, orderBy: { kind: 'asc' } })).map(({ kind, status }) => `${kind} ${status}`)
  const to = (email: string) => smtp.delivered.filter((mail) => mail.to.includes(email))
  const subjects = (email: string) => to(email).map(subjectOf)
  const calendarOf = (mail: Delivered) => parseCalendar(partOf(mail, 'text/calendar'))

  it('has the rules and audiences of the database as the domain has them', async () => {
    const rows = await owner.noticeRule.findMany()
    const ours = NOTICE_RULES.map(({ kind, action, after = '', to: audience, gatherSeconds = 0 }) => ({ kind, action, after, category: NOTICE_KINDS[kind], audience, gatherSeconds }))
    const byName = (a: { kind: string; action: string }, b: { kind: string; action: string }) => `${a.kind} ${a.action}`.localeCompare(`${b.kind} ${b.action}`)
    expect(rows.toSorted(byName)).toEqual(ours.toSorted(byName))
    for (const role of USER_ROLES) {
      const tenantId = isProviderRole(role) ? null : 'alpine'
      await owner.user.create({ data: { id: `role-${role}`, providerId: 'northwind', tenantId, email: `${role}@roles.example`, name: role, role } })
      for (const audience of AUDIENCES) {
        const found: unknown = await owner.$queryRaw`SELECT count(*)::int AS n FROM notice_people(${audience}, 'WINDOWS', 'northwind', 'alpine', NULL) p WHERE p = ${`role-${role}`}`
        const said = inAudience(audience, role)
        // Where no policy was set the approvers are those of the default.
        expect([role, audience, found]).toEqual([role, audience, [{ n: (said ?? (audience !== 'CREATOR' && role === 'CUSTOMER_APPROVER')) ? 1 : 0 }]])
      }
    }
    await owner.user.deleteMany({ where: { id: { startsWith: 'role-' } } })
  })

  it('reaches in turn whoever acts next, each in their language, and nobody of another customer', async () => {
    await open()
    const bookingId = await book()
    await settled()
    expect(subjects('scheduler@northwind.example')).toEqual(['Alpine Outfitters asks for a window for Wave <one>, été; \\ 🚚'])
    const [asked] = to('scheduler@northwind.example')
    if (!asked) throw new Error('no mail')
    expect(plainText(asked)).toMatch(/\(Europe\/Zurich\) · .*\(UTC\)/)
    expect(plainText(asked)).toContain('https://portal.northwind.example/windows')
    expect(asked.source).toMatch(/^Message-ID:\s+<notice-[0-9a-f-]+@portal\.northwind\.example>/m)

    await as(SCHEDULER, (tx) => offerWindow(tx, { bookingId, startsAt: inHours(72), endsAt: inHours(76), reason: 'maintenance <b>that</b> night' }, new Date()))
    await settled()
    expect(subjects(OLIVIA)).toEqual(['Un autre horaire est proposé pour Wave <one>, été; \\ 🚚'])
    expect(to(OLIVIA)[0]?.source).toContain('&lt;b&gt;that&lt;/b&gt;')

    await as(OPERATOR, (tx) => acceptOffer(tx, bookingId, new Date()))
    await settled()
    expect(subjects(ANNA)).toEqual(expect.arrayContaining(['Wave <one>, été; \\ 🚚 needs your go', 'Service window: Wave <one>, été; \\ 🚚']))
    expect(smtp.delivered.flatMap(({ to: all }) => all).filter((address) => address.includes('harbour'))).toEqual([])
    expect(await owner.notice.count({ where: { userId: 'user-henry' } })).toBe(0)
  })

  it('invites, and takes back whom it invited', async () => {
    await open()
    const bookingId = await book()
    await decide(bookingId)
    await settled()
    const invitation = to(ANNA).find((mail) => mail.source.includes('text/calendar'))
    if (!invitation) throw new Error('no invitation')
    const calendar = calendarOf(invitation)
    expect(valueOf(calendar, 'METHOD')).toBe('REQUEST')
    const [event] = calendar.parts
    if (!event) throw new Error('no event')
    const booking = await owner.booking.findUniqueOrThrow({ where: { id: bookingId } })
    expect(valueOf(event, 'UID')).toBe(`booking-${bookingId}@portal.northwind.example`)
    expect(valueOf(event, 'SEQUENCE')).toBe(String(booking.revision))
    expect(valueOf(event, 'STATUS')).toBe('CONFIRMED')
    expect(valueOf(event, 'SUMMARY')).toBe('Cutover: Wave <one>, été; \\ 🚚')
    expect(Math.abs(instantOf(event, 'DTSTART').getTime() - booking.startsAt.getTime())).toBeLessThan(1_000)
    expect(valueOf(event, 'DESCRIPTION')).toContain('Times of the site are in Europe/Zurich.')
    expect(valueOf(event, 'ORGANIZER')).toBe('mailto:no-reply@northwind.example')
    expect(valueOf(event, 'ATTENDEE').toLowerCase()).toBe(`mailto:${ANNA}`)

    // Moved by the provider: the same appointment, a higher number.
    await owner.booking.update({ where: { id: bookingId }, data: { startsAt: inHours(50), endsAt: inHours(54), revision: { increment: 1 } } })
    await settled()
    const moved = calendarOf(to(ANNA).filter((mail) => mail.source.includes('text/calendar')).at(-1) ?? invitation).parts[0]
    if (!moved) throw new Error('no event')
    expect(Number(valueOf(moved, 'SEQUENCE'))).toBe(booking.revision + 1)
    expect(valueOf(moved, 'UID')).toBe(valueOf(event, 'UID'))

    await owner.booking.update({ where: { id: bookingId }, data: { decidedAt: inHours(-5) } })
    await as(OPERATOR, (tx) => withdrawBooking(tx, bookingId))
    await settled()
    const last = calendarOf(to(ANNA).filter((mail) => mail.source.includes('text/calendar')).at(-1) ?? invitation)
    expect(valueOf(last, 'METHOD')).toBe('CANCEL')
    expect(last.parts.map((part) => [valueOf(part, 'STATUS'), Number(valueOf(part, 'SEQUENCE'))])).toEqual([['CANCELLED', booking.revision + 2]])
    // A message is stamped when it is made, not with the decision before it.
    const [withdrawn] = last.parts
    expect(withdrawn && Math.abs(instantOf(withdrawn, 'DTSTAMP').getTime() - Date.now())).toBeLessThan(60_000)
    expect(subjects(ANNA).at(-1)).toMatch(/^Cancelled: /)
    // The reminders of what is off are void when their time comes.
    await owner.notice.updateMany({ where: { kind: { startsWith: 'REMINDER' } }, data: { nextAttemptAt: new Date() } })
    await eventually(async () => (await owner.notice.count({ where: { kind: { startsWith: 'REMINDER' }, status: 'VOID', lastError: 'MOVED' } })) > 0)
    await settled()
    expect(subjects(ANNA).filter((subject) => /Tomorrow|hour/.test(subject))).toEqual([])
  })

  it('reminds a day and an hour before, once, by however many coordinators', async () => {
    const bookingId = await book(30)
    await decide(bookingId)
    const reminders = await owner.notice.findMany({ where: { userId: 'user-anna', kind: { startsWith: 'REMINDER' } }, orderBy: { kind: 'asc' } })
    const { startsAt } = await owner.booking.findUniqueOrThrow({ where: { id: bookingId } })
    expect(reminders.map(({ kind, nextAttemptAt }) => [kind, startsAt.getTime() - nextAttemptAt.getTime()])).toEqual([['REMINDER_DAY', 24 * HOUR_MS], ['REMINDER_HOUR', HOUR_MS]])

    await owner.notice.updateMany({ where: { kind: 'REMINDER_DAY' }, data: { nextAttemptAt: new Date() } })
    await Promise.all([open(), open(), open(), open()])
    await settled()
    expect(subjects(ANNA).filter((subject) => subject.startsWith('Tomorrow'))).toHaveLength(1)
    expect(subjects('scheduler@northwind.example').filter((subject) => subject.startsWith('Tomorrow'))).toHaveLength(1)
    expect(subjects(OLIVIA).filter((subject) => subject.startsWith('Demain'))).toHaveLength(1)
    const ids = smtp.delivered.map((mail) => /^Message-ID:\s+(<[^>]+>)/m.exec(mail.source)?.[1])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is sent by another coordinator when the one that had claimed it is dead, and not before', async () => {
    await decide(await book(30))
    await owner.notice.updateMany({ where: { kind: 'REMINDER_DAY' }, data: { nextAttemptAt: new Date(), attempts: 1, claimedUntil: inHours(1) } })
    await open()
    await eventually(async () => subjects(ANNA).length >= 2)
    expect(subjects(ANNA).filter((subject) => subject.startsWith('Tomorrow'))).toEqual([])
    await owner.notice.updateMany({ where: { kind: 'REMINDER_DAY' }, data: { claimedUntil: new Date(Date.now() - 1) } })
    await eventually(async () => subjects(ANNA).some((subject) => subject.startsWith('Tomorrow')))
    await settled()
    expect(subjects(ANNA).filter((subject) => subject.startsWith('Tomorrow'))).toHaveLength(1)
  })

  it('makes no reminder of what is too near, and none for a time that was left', async () => {
    await decide(await book(2))
    expect((await kindsOf('user-anna')).filter((kind) => kind.startsWith('REMINDER'))).toEqual(['REMINDER_HOUR PENDING'])
  })

  it('says nothing twice of a go that is said, or of what somebody did themselves', async () => {
    const bookingId = await book()
    await decide(bookingId)
    await owner.booking.update({ where: { id: bookingId }, data: { status: 'WITHDRAWN' } })
    await open()
    await settled()
    expect(await kindsOf('user-anna')).toContain('GO_WANTED VOID')
    expect((await kindsOf('user-samir')).filter((kind) => kind.startsWith('WINDOW_APPROVED'))).toEqual([])
  })

  it('asks for no go to a changed plan where no window is agreed on', async () => {
    await owner.auditEntry.create({ data: { ...ALPINE, actorKind: 'USER', actorId: 'user-olivia', actorName: 'Olivia Berger', action: 'wave.change-plan', subjectKind: 'wave', subjectId: waveId, subjectName: 'Wave' } })
    await open()
    await settled()
    expect(await kindsOf('user-anna')).toEqual(['PLAN_CHANGED VOID'])
  })

  it('tells of a missed window once, by its own name', async () => {
    const bookingId = await book()
    await decide(bookingId)
    for (const [action, change] of [['booking.status', { before: 'APPROVED', after: 'EXPIRED' }], ['booking.missed', { reason: 'Not moved: web.' }]] as const)
      await owner.auditEntry.create({ data: { ...ALPINE, actorKind: 'COORDINATOR', actorName: 'Driftless', action, subjectKind: 'booking', subjectId: bookingId, subjectName: 'Wave', ...change } })
    await open()
    await settled()
    expect((await kindsOf('user-olivia')).filter((kind) => /EXPIRED|MISSED/.test(kind))).toEqual(['WINDOW_EXPIRED VOID', 'WINDOW_MISSED SENT'])
    expect(to(OLIVIA).some((mail) => plainText(mail).includes('Not moved: web.'))).toBe(true)
  })

  it('is what each person chose, and nothing to who is shut out', async () => {
    await as(APPROVER, (tx) => tx.db.noticeChoice.createMany({ data: { userId: 'user-anna', ...ALPINE, muted: ['CALENDAR', 'REMINDERS'] } }))
    await owner.user.update({ where: { id: 'user-samir' }, data: { deactivatedAt: new Date() } })
    try {
      await decide(await book())
    } finally {
      await owner.user.update({ where: { id: 'user-samir' }, data: { deactivatedAt: null } })
    }
    expect(await kindsOf('user-anna')).toEqual(['GO_WANTED PENDING'])
    expect(await kindsOf('user-samir')).toEqual([])
    await as(APPROVER, (tx) => tx.db.noticeChoice.updateMany({ data: { muted: ['APPROVALS'] } }))
    await open()
    await settled()
    expect(await kindsOf('user-anna')).toEqual(['GO_WANTED VOID'])
    expect(to(ANNA)).toEqual([])
  })

  it('shares a mail about VMs of one wave', async () => {
    await owner.vm.create({ data: { id: 'vm-db', ...ALPINE, siteId: 'site-alpine-hq', ref: 'db', name: 'db', guestOs: 'Debian', cpus: 2, memoryBytes: 1n, network: 'lan', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: new Date() } })
    await owner.migration.create({ data: { ...ALPINE, waveId, vmId: 'vm-db', position: 1, status: 'VALIDATING', network: 'n', storage: 's', cpus: 2, memoryBytes: 1n } })
    await owner.migration.updateMany({ data: { status: 'VALIDATING', validationEndsAt: inHours(2) } })
    for (const migration of await owner.migration.findMany({ include: { vm: true } }))
      await owner.auditEntry.create({ data: { ...ALPINE, actorKind: 'COORDINATOR', actorName: 'Driftless', action: 'migration.validating', after: inHours(2).toISOString(), subjectKind: 'migration', subjectId: migration.id, subjectName: migration.vm.name } })
    await open()
    expect(await owner.notice.count({ where: { userId: 'user-anna', nextAttemptAt: { gt: inHours(0.02) } } })).toBe(2)
    await owner.notice.updateMany({ data: { nextAttemptAt: new Date() } })
    await eventually(async () => to(ANNA).length > 0)
    await settled()
    expect(subjects(ANNA)).toEqual(['2 VMs of Wave <one>, été; \\ 🚚 are to be accepted'])
    const [mail] = to(ANNA)
    expect(mail && plainText(mail)).toContain('web and db')
  })

  it('is tried again when the mail server refuses for now, and given up where nobody lives', async () => {
    await decide(await book())
    smtp.state.accept = false
    await open()
    await eventually(async () => (await owner.notice.count({ where: { status: 'PENDING', kind: { not: { startsWith: 'REMINDER' } } } })) === 0)
    expect(smtp.delivered).toEqual([])
    expect(await kindsOf('user-anna')).toContain('GO_WANTED FAILED')
  })

  it('waits for a mail server that is away', async () => {
    await decide(await book())
    await open('smtp://127.0.0.1:9')
    await eventually(async () => (await owner.notice.count({ where: { kind: 'GO_WANTED', attempts: 1, claimedUntil: null, lastError: { not: null } } })) === 1)
    const notice = await owner.notice.findFirstOrThrow({ where: { kind: 'GO_WANTED' } })
    expect(notice.status).toBe('PENDING')
    expect(notice.nextAttemptAt.getTime()).toBeGreaterThan(Date.now() + 30_000)
  })

  it('is marked where no mails are sent', async () => {
    await decide(await book())
    await open(null)
    await settled()
    expect(await owner.notice.count({ where: { kind: 'GO_WANTED', status: 'VOID', lastError: 'NO_MAIL' } })).toBe(1)
  })

  it('is not for other people’s eyes', async () => {
    await decide(await book())
    expect((await as(APPROVER, (tx) => tx.db.notice.findMany({ select: { userId: true } }))).every(({ userId }) => userId === 'user-anna')).toBe(true)
    const HENRY: Scope = { kind: 'tenant', tenantId: 'harbour', actor: { kind: 'USER', id: 'user-henry', name: 'Henry Walsh' } }
    expect(await as(HENRY, (tx) => tx.db.notice.findMany({ select: { id: true } }))).toEqual([])
  })
})

/** A header of a mail, unfolded and decoded (RFC 2047). */
function subjectOf({ source }: Delivered): string {
  const raw = /^Subject: ((?:.*\r?\n[ \t])*.*)$/m.exec(source)?.[1]?.replaceAll(/\r?\n[ \t]/g, ' ') ?? ''
  const joined = raw.replaceAll(/\?= =\?/g, '?==?')
  return joined.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_whole, how: string, text: string) => (how.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString('utf8') : Buffer.from(text.replaceAll('_', ' ').replaceAll(/=([0-9A-F]{2})/g, (_code, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString('utf8')))
}

/** The content of a mail's part of this type, decoded. */
function partOf(mail: Delivered, type: string): string {
  const part = mail.source.split(/\r?\n--[^\r\n]+\r?\n/).find((one) => new RegExp(`^content-type: ${type}`, 'im').test(one.slice(0, one.search(/\r?\n\r?\n/)))) ?? ''
  const body = part.slice(part.search(/\r?\n\r?\n/)).replace(/^(\r?\n){2}/, '')
  if (/content-transfer-encoding: base64/i.test(part)) return Buffer.from(body, 'base64').toString('utf8')
  return Buffer.from(body.replaceAll(/=\r?\n/g, '').replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString('utf8')
}
