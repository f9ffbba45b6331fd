import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { PEOPLE, refusal } from '@/testing/portal.ts'
import { TEST_ADDRESS, TEST_BROWSER } from '@/testing/next-auth.ts'
import { EMAIL, openSignIn, PASSWORD, step } from '@/testing/sign-in.ts'
import type { SignIn } from '@/testing/sign-in.ts'
import { softPasskey } from '@/testing/soft-passkey.ts'

/** All of the portal's procedures are loaded and a database is made; beside other tests that takes its time. */
const OPENING_MS = 120_000

let door: SignIn
beforeAll(async () => void (door = await openSignIn()), OPENING_MS)
afterAll(() => door?.close())
afterEach(() => door.reset())
const owner = () => door.portal.owner
const anybody = () => door.portal.as(null)
const entries = (action: string) => owner().auditEntry.findMany({ where: { action, subjectId: PEOPLE.olivia.userId }, orderBy: { id: 'asc' } })

describe('a password', () => {
  it('opens a session, which the cookie only points at', async () => {
    const { browser, calls } = await door.signedIn()
    expect(await browser.session()).toEqual({ person: { name: 'Olivia Berger' } })
    expect(await (await calls()).account.read()).toMatchObject({ email: EMAIL, restricted: false, hasPassword: true })
    const [session] = await owner().portalSession.findMany()
    expect(session).toMatchObject({ userId: PEOPLE.olivia.userId, tenantId: 'alpine', factors: ['PASSWORD'], address: TEST_ADDRESS, userAgent: TEST_BROWSER })
    expect(session?.tokenHash).toMatch(/^[0-9a-f]{64}$/)
    expect((await entries('session.open')).at(-1)).toMatchObject({ actorId: PEOPLE.olivia.userId, address: TEST_ADDRESS, detail: { factors: ['PASSWORD'] } })
  })

  it('that is wrong is answered as an address that nobody has, and written down for its owner alone', async () => {
    const before = (await entries('session.refuse')).length
    const all = await owner().auditEntry.count({ where: { action: 'session.refuse' } })
    const browser = door.browser()
    const answers = [
      await browser.post('credentials', { email: EMAIL, password: 'not it at all' }),
      await browser.post('credentials', { email: 'nobody@alpine.example', password: 'not it at all' }),
      await refusal(anybody().signIn.begin({ email: EMAIL, password: 'not it at all' })),
      await refusal(anybody().signIn.begin({ email: 'nobody@alpine.example', password: 'not it at all' })),
    ]
    expect(new Set(answers)).toEqual(new Set(['SIGN_IN_WRONG']))
    await vi.waitFor(async () => expect((await entries('session.refuse')).slice(before).map((entry) => `${entry.actorKind} ${entry.after} ${entry.address}`).toSorted()).toEqual(['SYSTEM WRONG_PASSWORD 192.0.2.1', `SYSTEM WRONG_PASSWORD ${TEST_ADDRESS}`]), { timeout: 30_000 })
    expect(await owner().auditEntry.count({ where: { action: 'session.refuse' } })).toBe(all + 2)
    expect(browser.cookie()).toBeUndefined()
  })

  it('does not let in who is shut out, nor who has none', async () => {
    await owner().user.update({ where: { id: PEOPLE.olivia.userId }, data: { deactivatedAt: new Date() } })
    expect(await refusal(anybody().signIn.begin({ email: EMAIL, password: PASSWORD }))).toBe('SIGN_IN_WRONG')
    await owner().user.update({ where: { id: PEOPLE.olivia.userId }, data: { deactivatedAt: null, passwordHash: null } })
    expect(await refusal(anybody().signIn.begin({ email: EMAIL, password: PASSWORD }))).toBe('SIGN_IN_WRONG')
  })
})

describe('a session', () => {
  it('is over at the next request when it is revoked, its person shut out, or it ran out', async () => {
    const { revokeSessionsOf, inScope } = await import('@driftless/db')
    const { db } = await import('@/server/db.ts')
    const { scopeOf } = await import('@/server/person.ts')
    const ends = {
      revoked: () => inScope(db(), scopeOf(PEOPLE.ada, null), (tx) => revokeSessionsOf(tx, PEOPLE.olivia.userId)),
      'shut out': () => owner().user.update({ where: { id: PEOPLE.olivia.userId }, data: { deactivatedAt: new Date() } }),
      'after its eight hours': () => owner().portalSession.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } }),
      'left alone for an hour': () => owner().portalSession.updateMany({ data: { lastSeenAt: new Date(Date.now() - 3_601_000) } }),
    }
    for (const [name, end] of Object.entries(ends)) {
      await owner().user.update({ where: { id: PEOPLE.olivia.userId }, data: { deactivatedAt: null } })
      const { browser, calls } = await door.signedIn()
      await (await calls()).migrate.sources()
      await end()
      expect([name, await refusal((await calls()).migrate.sources()), await refusal((await calls()).session.current()), await browser.session()]).toEqual([name, 'SIGNED_OUT', 'SIGNED_OUT', {}])
    }
  })

  it('has the role that its person has now', async () => {
    const { calls } = await door.signedIn()
    expect(await (await calls()).session.current()).toEqual({ restricted: false, role: 'CUSTOMER_OPERATOR' })
    await owner().user.update({ where: { id: PEOPLE.olivia.userId }, data: { role: 'CUSTOMER_VIEWER' } })
    expect(await (await calls()).session.current()).toEqual({ restricted: false, role: 'CUSTOMER_VIEWER' })
    expect(await refusal((await calls()).configure.limitSite({ siteId: 'site-alpine-hq', bytesPerSecond: null }))).toBe('FORBIDDEN')
  })

  it('is kept alive by a person, not by a page that asks by itself', async () => {
    const { browser, calls } = await door.signedIn()
    const seen = async () => (await owner().portalSession.findFirstOrThrow()).lastSeenAt.getTime()
    const then = new Date(Date.now() - 600_000)
    await owner().portalSession.updateMany({ data: { lastSeenAt: then } })
    await (await door.calls(browser, false)).session.current()
    expect(await seen()).toBe(then.getTime())
    await (await calls()).account.read()
    expect(await seen()).toBeGreaterThan(Date.now() - 60_000)
  })

  it('ends with signing out, for a copy of the cookie too', async () => {
    const { browser, calls } = await door.signedIn()
    const { sessionOf, tokenOf } = await import('@/server/session.ts')
    const stolen = browser.cookie()
    await browser.signOut()
    expect(await sessionOf(await tokenOf(stolen), true)).toBeNull()
    expect(await refusal((await calls()).account.read())).toBe('SIGNED_OUT')
    expect((await entries('session.end')).length).toBe(1)
  })

  it('is not to be had by a cookie of one’s own making', async () => {
    const { sessionOf, tokenOf } = await import('@/server/session.ts')
    const { encode } = await import('next-auth/jwt')
    const made = (token: object, secret: string) => encode({ token: { ...token }, secret })
    for (const cookie of [undefined, '', 'x', await made({ sessionToken: 'guessed' }, 'another secret'), await made({ sessionToken: 'guessed' }, 'a secret of this test only'), await made({ person: PEOPLE.ada }, 'a secret of this test only')])
      expect(await sessionOf(await tokenOf(cookie), true)).toBeNull()
  })
})

describe('an authenticator app', () => {
  it('is asked for after the password, and a code is accepted once', async () => {
    const { code } = await door.withApp()
    const right = await code()
    const begun = await anybody().signIn.begin({ email: EMAIL, password: PASSWORD })
    expect(begun).toMatchObject({ enrolled: true, steps: ['TOTP', 'RECOVERY_CODE'], passkey: null })
    const browser = door.browser()
    expect(await browser.post('second-step', step(begun.ticket, { method: 'NONE' }))).toBe('SIGN_IN_EXPIRED')
    expect(await browser.post('credentials', { email: EMAIL, password: PASSWORD })).toBe('SECOND_FACTOR_NEEDED')
    expect(await browser.post('second-step', step(begun.ticket, { method: 'TOTP', code: '000000' }))).toBe('CODE_WRONG')
    expect(browser.cookie()).toBeUndefined()
    expect(await browser.post('second-step', step(begun.ticket, { method: 'TOTP', code: right }))).toBeNull()
    expect((await owner().portalSession.findMany({ orderBy: { createdAt: 'desc' }, take: 1 }))[0]?.factors).toEqual(['PASSWORD', 'TOTP'])
    // The ticket is used, and so is the code.
    expect(await door.browser().post('second-step', step(begun.ticket, { method: 'TOTP', code: await code() }))).toBe('SIGN_IN_EXPIRED')
    const again = await anybody().signIn.begin({ email: EMAIL, password: PASSWORD })
    expect(await door.browser().post('second-step', step(again.ticket, { method: 'TOTP', code: right }))).toBe('CODE_WRONG')
  })

  it('lets one in of many who bring the same code at once', async () => {
    const { code } = await door.withApp()
    const right = await code()
    const tickets = await Promise.all(Array.from({ length: 6 }, async () => (await anybody().signIn.begin({ email: EMAIL, password: PASSWORD })).ticket))
    const answers = await Promise.all(tickets.map((ticket) => door.browser().post('second-step', step(ticket, { method: 'TOTP', code: right }))))
    expect(answers.filter((answer) => answer === null).length).toBe(1)
  })

  it('keeps its secret sealed, and from everybody else', async () => {
    await door.withApp()
    const row = await owner().totpSecret.findFirstOrThrow()
    expect(row.sealedSecret).toMatch(/^v1\./)
    const { inScope, readTotp } = await import('@driftless/db')
    const { db } = await import('@/server/db.ts')
    const { scopeOf } = await import('@/server/person.ts')
    for (const who of [PEOPLE.anna, PEOPLE.ada, PEOPLE.henry]) expect(await inScope(db(), scopeOf(who, null), (tx) => readTotp(tx, PEOPLE.olivia.userId))).toBeNull()
  })

  it('is not guessed: a ticket takes five tries, a person ten in a quarter of an hour', async () => {
    const { code } = await door.withApp()
    const ticketOf = async () => (await anybody().signIn.begin({ email: EMAIL, password: PASSWORD })).ticket
    const guess = (ticket: string) => door.browser().post('second-step', step(ticket, { method: 'TOTP', code: '000000' }))
    const first = await ticketOf()
    const answers: (string | null)[] = []
    for (let index = 0; index < 6; index++) answers.push(await guess(first))
    const second = await ticketOf()
    for (let index = 0; index < 5; index++) answers.push(await guess(second))
    const third = await ticketOf()
    answers.push(await door.browser().post('second-step', step(third, { method: 'TOTP', code: await code() })))
    expect(answers).toEqual([...Array<string>(5).fill('CODE_WRONG'), 'SIGN_IN_EXPIRED', ...Array<string>(5).fill('CODE_WRONG'), 'TOO_MANY_TRIES'])
  })

  it('can no longer be waited for after five minutes', async () => {
    const { code } = await door.withApp()
    const { ticket } = await anybody().signIn.begin({ email: EMAIL, password: PASSWORD })
    await owner().$executeRaw`UPDATE sign_in_ticket SET expires_at = now() - interval '1 second'`
    expect(await door.browser().post('second-step', step(ticket, { method: 'TOTP', code: await code() }))).toBe('SIGN_IN_EXPIRED')
  })
})

describe('a recovery code', () => {
  it('stands in once, however it is written; new ones void the old', async () => {
    const { recoveryCodes, calls } = await door.withApp()
    expect(recoveryCodes.length).toBe(10)
    expect(new Set(recoveryCodes.map((code) => /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/.test(code)))).toEqual(new Set([true]))
    const use = async (code: string) => door.browser().post('second-step', step((await anybody().signIn.begin({ email: EMAIL, password: PASSWORD })).ticket, { method: 'RECOVERY_CODE', code }))
    const [one = '', two = ''] = recoveryCodes
    expect([await use(one.toLowerCase().replaceAll('-', ' ')), await use(one), await use('')]).toEqual([null, 'CODE_WRONG', 'CODE_WRONG'])
    expect((await entries('recovery-code.use')).at(-1)).toMatchObject({ after: '9' })
    const { recoveryCodes: renewed } = await (await calls()).account.renewRecoveryCodes()
    expect([await use(two), await use(renewed[0] ?? '')]).toEqual(['CODE_WRONG', null])
    const stored = await owner().recoveryCode.findMany()
    expect(JSON.stringify(stored)).not.toContain((renewed[1] ?? '').replaceAll('-', ''))
    expect(stored.length).toBe(10)
  })
})

describe('a passkey', () => {
  const begun = () => anybody().signIn.passkey()
  const post = (ticket: string, response: object) => door.browser().post('passkey', { step: JSON.stringify({ ticket, response }) })

  it('signs in by itself and counts as two factors', async () => {
    const { passkey } = await door.withPasskey()
    await owner().tenant.updateMany({ data: { secondFactor: 'PASSKEY' } })
    const { ticket, options } = await begun()
    expect(options).toMatchObject({ rpId: 'portal.test', userVerification: 'required', allowCredentials: [] })
    const browser = door.browser()
    expect(await browser.post('passkey', { step: JSON.stringify({ ticket, response: passkey.sign(options.challenge) }) })).toBeNull()
    expect(await (await door.calls(browser)).account.read()).toMatchObject({ restricted: false, policy: 'PASSKEY', passkeys: [{ name: 'Laptop' }] })
    expect((await entries('session.open')).at(-1)?.detail).toMatchObject({ factors: ['PASSKEY'] })
  })

  it('does not sign in for another site, another challenge, without a PIN, twice, or copied', async () => {
    const { passkey } = await door.withPasskey()
    const tried = async (sign: (challenge: string) => object) => {
      const { ticket, options } = await begun()
      return post(ticket, sign(options.challenge))
    }
    const other = (await begun()).options.challenge
    expect(await tried((challenge) => passkey.sign(challenge, { from: 'http://porta1.test' }))).toBe('PASSKEY_WRONG')
    expect(await tried(() => passkey.sign(other))).toBe('PASSKEY_WRONG')
    expect(await tried((challenge) => passkey.sign(challenge, { verified: false }))).toBe('PASSKEY_WRONG')
    expect(await tried((challenge) => softPasskey('portal.test', 'http://portal.test').sign(challenge))).toBe('PASSKEY_WRONG')
    const { ticket, options } = await begun()
    const signed = passkey.sign(options.challenge, { count: 10 })
    expect([await post(ticket, signed), await post(ticket, signed)]).toEqual([null, 'SIGN_IN_EXPIRED'])
    expect(await tried((challenge) => passkey.sign(challenge, { count: 9 }))).toBe('PASSKEY_WRONG')
    expect(await tried((challenge) => passkey.sign(challenge, { count: 11 }))).toBeNull()
  })

  it('is a second step after the password, its own one alone', async () => {
    const { passkey } = await door.withPasskey()
    const { ticket, steps, passkey: options } = await anybody().signIn.begin({ email: EMAIL, password: PASSWORD })
    expect(steps).toEqual(['PASSKEY', 'RECOVERY_CODE'])
    expect(options?.allowCredentials).toEqual([{ id: passkey.id, type: 'public-key', transports: ['internal'] }])
    // A ticket of one kind is none of the other.
    expect(await post(ticket, passkey.sign(options?.challenge ?? ''))).toBe('SIGN_IN_EXPIRED')
    expect(await door.browser().post('second-step', step(ticket, { method: 'PASSKEY', response: passkey.sign(options?.challenge ?? '') }))).toBeNull()
  })
})

describe('limits', () => {
  it('hold for a person after ten passwords, from wherever they come, also for the right one; and are written down once', async () => {
    const before = (await entries('session.refuse')).length
    const answers: string[] = []
    for (let index = 0; index < 12; index++) answers.push(await refusal(anybody().signIn.begin({ email: EMAIL.toUpperCase(), password: index === 11 ? PASSWORD : 'wrong wrong wrong' })))
    expect(answers).toEqual([...Array<string>(10).fill('SIGN_IN_WRONG'), 'TOO_MANY_TRIES', 'TOO_MANY_TRIES'])
    await vi.waitFor(async () => expect((await entries('session.refuse')).slice(before).map((entry) => entry.after)).toEqual([...Array<string>(10).fill('WRONG_PASSWORD'), 'TOO_MANY_TRIES']), { timeout: 30_000 })
    const other = door.browser()
    expect(await other.post('credentials', { email: 'approver@alpine.example', password: 'wrong' })).toBe('SIGN_IN_WRONG')
  })

  it('hold for a network address after a hundred', async () => {
    await owner().$executeRaw`INSERT INTO rate_limit VALUES ('sign-in-address:2001:db8:0:7', 100, ${Date.now() + 60_000})`
    door.comeFrom('2001:db8:0:7::99')
    expect(await door.browser().post('credentials', { email: EMAIL, password: PASSWORD })).toBe('TOO_MANY_TRIES')
    door.comeFrom('2001:db8:0:8::99')
    expect(await door.browser().post('credentials', { email: EMAIL, password: PASSWORD })).toBeNull()
  })

  it('let nobody in while they cannot be counted, and say that it is not the password', async () => {
    const { code } = await door.withApp()
    const { ticket } = await anybody().signIn.begin({ email: EMAIL, password: PASSWORD })
    await owner().$executeRaw`ALTER TABLE rate_limit RENAME TO rate_limit_gone`
    try {
      const browser = door.browser()
      expect(await browser.post('credentials', { email: EMAIL, password: PASSWORD })).toBe('SIGN_IN_UNAVAILABLE')
      expect(await refusal(anybody().signIn.begin({ email: EMAIL, password: PASSWORD }))).toBe('SIGN_IN_UNAVAILABLE')
      expect(await refusal(anybody().signIn.passkey())).toBe('SIGN_IN_UNAVAILABLE')
      expect(await browser.post('second-step', step(ticket, { method: 'TOTP', code: await code() }))).toBe('SIGN_IN_UNAVAILABLE')
      expect(browser.cookie()).toBeUndefined()
    } finally {
      await owner().$executeRaw`ALTER TABLE rate_limit_gone RENAME TO rate_limit`
    }
  })
})
