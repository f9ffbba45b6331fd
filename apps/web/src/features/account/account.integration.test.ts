import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PEOPLE, refusal } from '@/testing/portal.ts'
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
const demand = (secondFactor: 'REQUIRED' | 'PASSKEY') => owner().tenant.updateMany({ where: { id: 'alpine' }, data: { secondFactor } })
const longAgo = () => owner().portalSession.updateMany({ data: { authenticatedAt: new Date(Date.now() - 660_000) } })
const actions = async () => (await owner().auditEntry.findMany({ where: { subjectId: PEOPLE.olivia.userId }, orderBy: { id: 'asc' } })).map((entry) => [entry.action, entry.before ?? entry.after ?? ''].join(' ').trim())

describe('where a second factor is demanded', () => {
  it('somebody without one can enrol one, and nothing else', async () => {
    await demand('REQUIRED')
    const { browser, calls } = await door.signedIn()
    expect(await (await calls()).account.read()).toMatchObject({ restricted: true, policy: 'REQUIRED' })
    expect(await browser.session()).toEqual({})
    const refused = await Promise.all([
      refusal((await calls()).migrate.sources()), refusal((await calls()).auditLog.page({ filter: {} })), refusal((await calls()).session.changeLocale({ locale: 'fr' })), refusal((await calls()).account.sessions()), refusal((await calls()).account.revokeOthers()),
      refusal((await calls()).account.changePassword({ oldPassword: PASSWORD, newPassword: 'lilac tramway 48' })), refusal((await calls()).account.renewRecoveryCodes()),
    ])
    expect(new Set(refused)).toEqual(new Set(['SECOND_FACTOR_REQUIRED']))
    const { challenge } = await (await calls()).account.startPasskey()
    await (await calls()).account.addPasskey({ name: 'Key', response: softPasskey('portal.test', 'http://portal.test').create(challenge) })
    expect(await (await calls()).migrate.sources()).toEqual(expect.any(Array))
  })

  it('binds sessions that were there before, from their next request on, and those do not get by on their password', async () => {
    const old = await door.signedIn()
    await door.withApp()
    await (await old.calls()).migrate.sources()
    await demand('REQUIRED')
    expect(await refusal((await old.calls()).migrate.sources())).toBe('SECOND_FACTOR_REQUIRED')
    // Whoever holds the old session knows a password, and has shown no factor: they cannot enrol one of their own.
    expect(await refusal((await old.calls()).account.startPasskey())).toBe('CONFIRM_FIRST')
    expect(await refusal((await old.calls()).account.confirm({ method: 'PASSWORD', password: PASSWORD }))).toBe('SECOND_FACTOR_NEEDED')
  })

  it('as a passkey, a code is not enough', async () => {
    const { calls, code } = await door.withApp()
    await demand('PASSKEY')
    const { ticket } = await door.portal.as(null).signIn.begin({ email: EMAIL, password: PASSWORD })
    const browser = door.browser()
    expect(await browser.post('second-step', step(ticket, { method: 'TOTP', code: await code() }))).toBeNull()
    expect(await refusal((await door.calls(browser)).migrate.sources())).toBe('SECOND_FACTOR_REQUIRED')
    const passkey = softPasskey('portal.test', 'http://portal.test')
    const { challenge } = await (await calls()).account.startPasskey()
    expect(await (await calls()).account.addPasskey({ name: 'Key', response: passkey.create(challenge) })).toEqual({ recoveryCodes: null })
    expect(await (await calls()).migrate.sources()).toEqual(expect.any(Array))
    // The app may go, the passkey may not: it is the last that satisfies.
    const [key] = (await (await calls()).account.read()).passkeys
    expect(await refusal((await calls()).account.removePasskey({ passkeyId: key?.id ?? '' }))).toBe('LAST_FACTOR')
    await (await calls()).account.removeTotp()
    expect(await (await calls()).account.read()).toMatchObject({ totpSince: null, recoveryCodesLeft: 10, passkeys: [{ name: 'Key' }] })
  })

  it('the last one stays, of two that are removed at once', async () => {
    const { calls } = await door.withApp()
    const passkey = softPasskey('portal.test', 'http://portal.test')
    const { challenge } = await (await calls()).account.startPasskey()
    await (await calls()).account.addPasskey({ name: 'Key', response: passkey.create(challenge) })
    await demand('REQUIRED')
    const passkeyId = (await (await calls()).account.read()).passkeys[0]?.id ?? ''
    const both = await Promise.allSettled([(await calls()).account.removeTotp(), (await calls()).account.removePasskey({ passkeyId })])
    expect(both.filter((one) => one.status === 'fulfilled').length).toBe(1)
  })
})

describe('sensitive changes', () => {
  it('ask for the password again after ten minutes', async () => {
    const { calls } = await door.signedIn()
    await longAgo()
    expect(await refusal((await calls()).account.startTotp())).toBe('CONFIRM_FIRST')
    expect(await refusal((await calls()).account.confirm({ method: 'PASSWORD', password: 'not it' }))).toBe('PASSWORD_WRONG')
    expect(await refusal((await calls()).account.startTotp())).toBe('CONFIRM_FIRST')
    await (await calls()).account.confirm({ method: 'PASSWORD', password: PASSWORD })
    expect(await (await calls()).account.startTotp()).toMatchObject({ secret: expect.stringMatching(/^[A-Z2-7]{32}$/), svg: expect.stringMatching(/^<svg/) })
  })

  it('ask for the second factor where there is one, each answer once', async () => {
    const { calls, code, passkey } = { ...(await door.withApp()), passkey: softPasskey('portal.test', 'http://portal.test') }
    const { challenge } = await (await calls()).account.startPasskey()
    await (await calls()).account.addPasskey({ name: 'Key', response: passkey.create(challenge) })
    const passkeyId = (await (await calls()).account.read()).passkeys[0]?.id ?? ''
    await demand('PASSKEY')
    const sensitive = async () => refusal((await calls()).account.removePasskey({ passkeyId }))
    const confirm = async (proof: Parameters<Awaited<ReturnType<typeof calls>>['account']['confirm']>[0]) => refusal((await calls()).account.confirm(proof)).catch(() => 'confirmed')
    await longAgo()
    expect(await sensitive()).toBe('CONFIRM_FIRST')
    const right = await code()
    expect([await confirm({ method: 'TOTP', code: right }), await sensitive()]).toEqual(['confirmed', 'LAST_FACTOR'])
    await longAgo()
    expect(await confirm({ method: 'TOTP', code: right })).toBe('CODE_WRONG')
    const asked = await (await calls()).account.passkeyRequest()
    const signed = passkey.sign(asked.challenge)
    expect([await confirm({ method: 'PASSKEY', response: signed }), await sensitive()]).toEqual(['confirmed', 'LAST_FACTOR'])
    await longAgo()
    expect([await confirm({ method: 'PASSKEY', response: signed }), await sensitive()]).toEqual(['PASSKEY_WRONG', 'CONFIRM_FIRST'])
  })

  it('are written down', async () => {
    const before = (await actions()).length
    const { calls } = await door.withApp()
    await (await calls()).account.renewRecoveryCodes()
    await (await calls()).account.removeTotp()
    expect((await actions()).slice(before)).toEqual(['session.open', 'factor.add TOTP', 'recovery-code.renew', 'recovery-code.renew', 'factor.remove TOTP'])
    expect(await (await calls()).account.read()).toMatchObject({ totpSince: null, recoveryCodesLeft: 0 })
  })
})

describe('a new password', () => {
  it('needs the old one and some strength, and ends every other session', async () => {
    const other = await door.signedIn()
    const { calls } = await door.signedIn()
    const change = async (oldPassword: string, newPassword: string) => (await calls()).account.changePassword({ oldPassword, newPassword })
    expect(await refusal(change('not it', 'lilac tramway 48'))).toBe('PASSWORD_WRONG')
    expect(await refusal(change(PASSWORD, 'too short'))).toBe('PASSWORD_WEAK')
    expect(await refusal(change(PASSWORD, 'Welcome2026!!'))).toBe('PASSWORD_WEAK')
    expect(await refusal(change(PASSWORD, 'x'.repeat(300)))).toBe('PASSWORD_WEAK')
    await change(PASSWORD, 'lilac tramway 48')
    expect(await refusal((await other.calls()).account.read())).toBe('SIGNED_OUT')
    expect(await (await calls()).account.read()).toMatchObject({ email: EMAIL })
    expect(await door.browser().post('credentials', { email: EMAIL, password: PASSWORD })).toBe('SIGN_IN_WRONG')
    expect(await door.browser().post('credentials', { email: EMAIL, password: 'lilac tramway 48' })).toBeNull()
    expect((await owner().user.findUniqueOrThrow({ where: { id: PEOPLE.olivia.userId } })).passwordHash).toMatch(/^\$argon2id\$/)
    // Nobody else's changed with it.
    expect(await door.browser().post('credentials', { email: 'approver@alpine.example', password: PASSWORD })).toBeNull()
  })
})

describe('sessions', () => {
  it('are listed, and ended one by one or all others at once', async () => {
    const [one, two, three] = [await door.signedIn(), await door.signedIn(), await door.signedIn()]
    const listed = await (await one.calls()).account.sessions()
    expect(listed.filter((session) => session.isThis).length).toBe(1)
    expect(listed[0]).toMatchObject({ address: '192.0.2.7', userAgent: expect.stringContaining('Firefox'), factors: ['PASSWORD'] })
    const [newest] = listed
    await (await one.calls()).account.revokeSession({ sessionId: newest?.id ?? '' })
    expect(await refusal((await three.calls()).session.current())).toBe('SIGNED_OUT')
    expect(await (await one.calls()).account.revokeOthers()).toEqual({ ended: 1 })
    expect(await refusal((await two.calls()).session.current())).toBe('SIGNED_OUT')
    expect((await (await one.calls()).account.sessions()).length).toBe(1)
  })

  it('of a colleague are unknown, of a customer’s person the provider’s administrator ends', async () => {
    const olivia = await door.signedIn()
    const sessionId = (await (await olivia.calls()).account.sessions())[0]?.id ?? ''
    const anna = await door.signedIn('approver@alpine.example')
    expect(await refusal((await anna.calls()).account.revokeSession({ sessionId }))).toBe('SESSION_UNKNOWN')
    expect(await refusal((await anna.calls()).people.signOut({ userId: PEOPLE.olivia.userId }))).toBe('FORBIDDEN')
    expect(await refusal(door.portal.as(PEOPLE.samir).people.signOut({ userId: PEOPLE.olivia.userId }))).toBe('FORBIDDEN')
    const ada = door.portal.as(PEOPLE.ada)
    expect(await refusal(ada.people.signOut({ userId: 'nobody' }))).toBe('PERSON_UNKNOWN')
    await ada.people.signOut({ userId: PEOPLE.olivia.userId })
    expect(await refusal((await olivia.calls()).session.current())).toBe('SIGNED_OUT')
    expect(await (await anna.calls()).session.current()).toMatchObject({ restricted: false })
  })
})

describe('passkeys', () => {
  it('are named, renamed, not enrolled twice, and nobody else’s', async () => {
    const { calls, passkey } = await door.withPasskey()
    const again = await (await calls()).account.startPasskey()
    expect(again.excludeCredentials).toMatchObject([{ id: passkey.id }])
    expect(await refusal((await calls()).account.addPasskey({ name: 'Twice', response: passkey.create(again.challenge) }))).toBe('PASSKEY_EXISTS')
    const passkeyId = (await (await calls()).account.read()).passkeys[0]?.id ?? ''
    await (await calls()).account.renamePasskey({ passkeyId, name: 'Work laptop' })
    expect((await (await calls()).account.read()).passkeys).toMatchObject([{ name: 'Work laptop', lastUsedAt: null }])
    const anna = await door.signedIn('approver@alpine.example')
    expect(await refusal((await anna.calls()).account.renamePasskey({ passkeyId, name: 'Mine' }))).toBe('PASSKEY_UNKNOWN')
    expect(await refusal((await anna.calls()).account.removePasskey({ passkeyId }))).toBe('PASSKEY_UNKNOWN')
    await (await calls()).account.removePasskey({ passkeyId })
    expect(await door.browser().post('credentials', { email: EMAIL, password: PASSWORD })).toBeNull()
  })

  it('that were not made for this challenge, or for this portal, are refused', async () => {
    const { calls } = await door.signedIn()
    const old = await (await calls()).account.startPasskey()
    const { challenge } = await (await calls()).account.startPasskey()
    const add = async (response: ReturnType<ReturnType<typeof softPasskey>['create']>) => refusal((await calls()).account.addPasskey({ name: 'x', response }))
    expect(await add(softPasskey('portal.test', 'http://portal.test').create(old.challenge))).toBe('PASSKEY_WRONG')
    // That used up the challenge.
    expect(await add(softPasskey('portal.test', 'http://portal.test').create(challenge))).toBe('PASSKEY_WRONG')
    const third = await (await calls()).account.startPasskey()
    expect(await add(softPasskey('portal.test', 'http://porta1.test').create(third.challenge))).toBe('PASSKEY_WRONG')
  })
})

describe('somebody who has lost phone, key and codes', () => {
  it('is helped by the provider’s administrator, who learns none of it', async () => {
    const { calls } = await door.withApp()
    const ada = door.portal.as(PEOPLE.ada)
    expect(await refusal(door.portal.as(PEOPLE.anna).people.resetFactors({ userId: PEOPLE.olivia.userId }))).toBe('FORBIDDEN')
    expect(await refusal(ada.people.resetFactors({ userId: 'nobody' }))).toBe('PERSON_UNKNOWN')
    expect(await ada.people.resetFactors({ userId: PEOPLE.olivia.userId })).toEqual({ removed: 1 })
    expect(await refusal((await calls()).session.current())).toBe('SIGNED_OUT')
    expect((await actions()).slice(-2)).toEqual(['factor.reset', 'session.revoke'])
    expect(await owner().recoveryCode.count()).toBe(0)
    expect(await door.browser().post('credentials', { email: EMAIL, password: PASSWORD })).toBeNull()
  })
})
