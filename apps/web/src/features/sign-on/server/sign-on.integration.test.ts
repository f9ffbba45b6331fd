import { startJsonServer, startOidcServer } from '@driftless/tests/support/oidc-server.ts'
import type { OidcServer } from '@driftless/tests/support/oidc-server.ts'
import { hash } from '@node-rs/argon2'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'
import { startAuthServer, Visitor } from '../testing/auth-server.ts'

const PASSWORD = 'tramway lilac 47'
const SECRET = 'only-this-test-knows-it'
const csrf = z.object({ csrfToken: z.string() })
const started = z.object({ url: z.url() })

/** Who is known at both organisations' servers, under the name they sign in with. */
const ACCOUNTS = {
  olivia: { email: 'operator@alpine.example', email_verified: true, name: 'Olivia Berger' },
  impostor: { email: 'operator@alpine.example', email_verified: true, name: 'Another subject' },
  unverified: { email: 'approver@alpine.example', email_verified: false },
  nameless: {},
  foreign: { email: 'operator@harbour.example', email_verified: true },
  newcomer: { email: 'newcomer@alpine.example', email_verified: true, name: 'Nils Newcomer' },
  invited: { email: 'invited@alpine.example', email_verified: true, name: 'Ina Invited' },
  lent: { email: 'lent@alpine.example', email_verified: true },
  leaver: { email: 'leaver@alpine.example', email_verified: true },
}

describe('sign-on', () => {
  let portal: Portal
  let origin: string
  let alpine: OidcServer
  let harbour: OidcServer
  let auth: Awaited<ReturnType<typeof startAuthServer>>
  beforeAll(async () => {
    portal = await openPortal()
    const { connectionOfPath, signOnProvider } = await import('./provider.ts')
    const { withSignOn } = await import('./handle.ts')
    auth = await startAuthServer(async (path, base) => {
      const signOn = await connectionOfPath(path)
      return signOn === null ? base : withSignOn(base, await signOnProvider(signOn, '192.0.2.7'))
    })
    origin = auth.origin
    // Read by the portal's settings at their first use, which is after this.
    vi.stubEnv('NEXTAUTH_URL', origin)
    alpine = await startOidcServer({ id: 'driftless', secret: SECRET, redirectUri: `${origin}/api/auth/callback/sso-customer-alpine` }, ACCOUNTS)
    harbour = await startOidcServer({ id: 'driftless', secret: SECRET, redirectUri: `${origin}/api/auth/callback/sso-customer-harbour` }, ACCOUNTS, true)
    await save('alpine', alpine.issuer, ['alpine.example'])
    await save('harbour', harbour.issuer, ['harbour.example'])
  })
  afterAll(async () => {
    await auth.close()
    await alpine.close()
    await harbour.close()
    await portal.close()
  })
  beforeEach(() => void auth.entered.splice(0))

  const ada = () => portal.as(PEOPLE.ada).signOn
  const save = (tenantId: string | null, issuer: string, domains: string[], changed: object = {}) => ada().save({ tenantId, issuer, clientId: 'driftless', clientSecret: SECRET, domains, defaultRole: null, enforced: false, ...changed })
  const addPerson = (id: string, tenantId: string | null, role: 'CUSTOMER_VIEWER' | 'PROVIDER_VIEWER', email: string) => portal.owner.user.create({ data: { id, providerId: 'northwind', tenantId, email, name: id, role } })
  const lastRefusal = async () => (await portal.owner.auditEntry.findFirst({ where: { action: 'sign-on.refuse' }, orderBy: { id: 'desc' } }))?.after ?? null

  /** Starts at the portal's sign-in page; resolves with the server's address for signing in. */
  async function begin(visitor: Visitor, connectionId: string): Promise<string> {
    const { csrfToken } = csrf.parse(await (await visitor.ask(`${origin}/api/auth/csrf`)).json())
    const { response } = await visitor.post(`${origin}/api/auth/signin/sso-${connectionId}`, { csrfToken, callbackUrl: `${origin}/`, json: 'true' })
    return started.parse(await response.json()).url
  }
  /** Signs in at the organisation's server; resolves with the callback's address, not yet followed. */
  async function answerOf(visitor: Visitor, connectionId: string, login: string): Promise<string> {
    const page = await visitor.go(await begin(visitor, connectionId))
    const { url } = await visitor.post(page.url, { prompt: 'login', login, password: 'any' }, (to) => to.startsWith(origin))
    return url
  }
  /** The whole way; resolves with where it ends, and the refusal that the address names. */
  async function signOn(connectionId: string, login: string): Promise<string | null> {
    const visitor = new Visitor()
    const { url } = await visitor.go(await answerOf(visitor, connectionId, login), {}, (to) => !to.includes('/api/auth/callback'))
    return new URL(url).searchParams.get('refused') ?? new URL(url).searchParams.get('error')
  }

  describe('lets in', () => {
    it('a person by a verified address, then by the subject whatever the address is', async () => {
      expect(await signOn('customer-alpine', 'olivia')).toBeNull()
      expect(auth.entered).toMatchObject([{ id: 'user-olivia', factors: ['SSO'], person: { userId: 'user-olivia', role: 'CUSTOMER_OPERATOR', tenantId: 'alpine', providerId: 'northwind' } }])
      const before = ACCOUNTS.olivia.email
      Object.assign(ACCOUNTS.olivia, { email: 'married@elsewhere.example' })
      expect(await signOn('customer-alpine', 'olivia')).toBeNull()
      Object.assign(ACCOUNTS.olivia, { email: before })
      expect(auth.entered.map(({ id }) => id)).toEqual(['user-olivia', 'user-olivia'])
      expect(await portal.owner.auditEntry.count({ where: { action: 'person.link', subjectId: 'user-olivia' } })).toBe(1)
    })

    it('somebody who was invited, with the invitation’s role, which is used up', async () => {
      await portal.as(PEOPLE.ada).people.invite({ tenantId: 'alpine', email: 'invited@alpine.example', name: 'Ina', role: 'CUSTOMER_APPROVER', locale: 'en' })
      expect(await signOn('customer-alpine', 'invited')).toBeNull()
      expect(auth.entered[0]?.person).toMatchObject({ role: 'CUSTOMER_APPROVER', tenantId: 'alpine', email: 'invited@alpine.example' })
      expect(await portal.owner.invitation.findFirstOrThrow({ where: { email: 'invited@alpine.example' } })).toMatchObject({ acceptedAt: expect.any(Date) })
    })

    it('a newcomer only where newcomers have a role', async () => {
      expect(await signOn('customer-alpine', 'newcomer')).toBe('NOT_INVITED')
      await save('alpine', alpine.issuer, ['alpine.example'], { defaultRole: 'CUSTOMER_VIEWER' })
      expect(await signOn('customer-alpine', 'newcomer')).toBeNull()
      expect(auth.entered[0]?.person).toMatchObject({ name: 'Nils Newcomer', role: 'CUSTOMER_VIEWER', tenantId: 'alpine' })
      await save('alpine', alpine.issuer, ['alpine.example'])
    })

    it('the provider’s staff by a connection of their own', async () => {
      const staff = await startOidcServer({ id: 'driftless', secret: SECRET, redirectUri: `${origin}/api/auth/callback/sso-staff-northwind` }, { samir: { email: 'scheduler@northwind.example', email_verified: true } })
      await save(null, staff.issuer, ['northwind.example'])
      expect(await signOn('staff-northwind', 'samir')).toBeNull()
      expect(auth.entered[0]?.person).toMatchObject({ userId: 'user-samir', tenantId: null })
      await ada().remove({ tenantId: null })
      await staff.close()
    })
  })

  describe('refuses, in words and in the log', () => {
    it.each([
      ['an address nobody verified', 'customer-alpine', 'unverified', 'EMAIL_UNVERIFIED'],
      ['no address', 'customer-alpine', 'nameless', 'NO_EMAIL'],
      ['a domain that is not the connection’s', 'customer-alpine', 'foreign', 'OTHER_DOMAIN'],
      ['a second subject for the same person', 'customer-alpine', 'impostor', 'OTHER_ACCOUNT'],
      ['another customer’s server that vouches for our person', 'customer-harbour', 'olivia', 'OTHER_DOMAIN'],
    ])('%s', async (_what, connection, login, reason) => {
      expect(await signOn(connection, login)).toBe(reason)
      expect([auth.entered, await lastRefusal()]).toEqual([[], reason])
    })

    it('another customer’s, the provider’s and a deactivated person', async () => {
      await addPerson('lent', 'harbour', 'CUSTOMER_VIEWER', 'lent@alpine.example')
      expect(await signOn('customer-alpine', 'lent')).toBe('OTHER_ORGANISATION')
      await portal.owner.user.update({ where: { id: 'lent' }, data: { tenantId: null, role: 'PROVIDER_VIEWER' } })
      expect(await signOn('customer-alpine', 'lent')).toBe('OTHER_ORGANISATION')
      await addPerson('leaver', 'alpine', 'CUSTOMER_VIEWER', 'leaver@alpine.example')
      expect(await signOn('customer-alpine', 'leaver')).toBeNull()
      await portal.as(PEOPLE.ada).people.setActive({ userId: 'leaver', active: false })
      expect(await signOn('customer-alpine', 'leaver')).toBe('DEACTIVATED')
      expect(auth.entered.map(({ id }) => id)).toEqual(['leaver'])
    })

    it('one connection’s answer at another’s, with the same browser', async () => {
      const visitor = new Visitor()
      const answer = await answerOf(visitor, 'customer-alpine', 'olivia')
      await begin(visitor, 'customer-harbour')
      const { url } = await visitor.go(answer.replace('sso-customer-alpine', 'sso-customer-harbour'), {}, (to) => !to.includes('/api/auth/callback'))
      expect([new URL(url).searchParams.get('error'), auth.entered]).toEqual(['OAuthCallback', []])
    })

    it('an answer to another browser’s question, and the same answer twice', async () => {
      const visitor = new Visitor()
      const answer = await answerOf(visitor, 'customer-alpine', 'olivia')
      const until = (to: string) => !to.includes('/api/auth/callback')
      expect((await new Visitor().go(answer, {}, until)).url).toContain('error=OAuthCallback')
      expect((await visitor.go(answer, {}, until)).url).not.toContain('error=')
      expect((await visitor.go(answer, {}, until)).url).toContain('error=OAuthCallback')
      expect(auth.entered).toHaveLength(1)
    })

    it('a token of another issuer', async () => {
      // A server that sends people to Alpine's and hands on what that one says as its own.
      const metadata = z.record(z.string(), z.unknown()).parse(await (await fetch(`${alpine.issuer}/.well-known/openid-configuration`)).json())
      const relay = await startJsonServer((_path, self) => ({ body: JSON.stringify({ ...metadata, issuer: self }) }))
      await portal.owner.oidcConnection.update({ where: { id: 'customer-alpine' }, data: { issuer: relay.url } })
      expect(await signOn('customer-alpine', 'olivia')).toBe('OAuthCallback')
      expect(auth.entered).toEqual([])
      await portal.owner.oidcConnection.update({ where: { id: 'customer-alpine' }, data: { issuer: alpine.issuer } })
      await relay.close()
    })
  })

  describe('is set up', () => {
    it('with the secret sealed, and never told', async () => {
      const row = await portal.owner.oidcConnection.findUniqueOrThrow({ where: { id: 'customer-alpine' } })
      const listed = await ada().list()
      expect(JSON.stringify([row, listed, await portal.owner.auditEntry.findMany({ where: { subjectKind: 'sign-on' } })], (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(SECRET)
      expect(JSON.stringify(listed)).not.toContain(row.clientSecretSealed)
      expect(listed.find(({ tenantId }) => tenantId === 'alpine')).toMatchObject({ callbackUrl: `${origin}/api/auth/callback/sso-customer-alpine`, connection: { domains: ['alpine.example'], clientId: 'driftless' } })
      await ada().save({ tenantId: 'alpine', issuer: alpine.issuer, clientId: 'driftless', domains: ['alpine.example'], defaultRole: null, enforced: false })
      expect((await portal.owner.oidcConnection.findUniqueOrThrow({ where: { id: 'customer-alpine' } })).clientSecretSealed).toBe(row.clientSecretSealed)
    })

    it('with domains that are one connection’s alone, of any provider', async () => {
      expect(await refusal(save('harbour', harbour.issuer, ['alpine.example']))).toBe('DOMAIN_TAKEN')
      await portal.owner.provider.create({ data: { id: 'southwind', name: 'Southwind', accentColor: '#111111' } })
      const eve = portal.as({ ...PEOPLE.ada, userId: 'user-eve', providerId: 'southwind' }).signOn
      const settings = { issuer: harbour.issuer, clientId: 'c', clientSecret: 's', defaultRole: null, enforced: false }
      expect(await refusal(eve.save({ ...settings, tenantId: null, domains: ['alpine.example'] }))).toBe('DOMAIN_TAKEN')
      expect(await refusal(eve.save({ ...settings, tenantId: 'alpine', domains: ['evil.example'] }))).toBe('TENANT_UNKNOWN')
      expect(await refusal(eve.remove({ tenantId: 'alpine' }))).toBe('TENANT_UNKNOWN')
      expect(await eve.list()).toMatchObject([{ tenantId: null, connection: null }])
    })

    it('by administrators alone', async () => {
      for (const person of [PEOPLE.olivia, PEOPLE.samir]) {
        const { signOn: calls } = portal.as(person)
        for (const call of [() => calls.list(), () => calls.remove({ tenantId: 'alpine' }), () => calls.test({ issuer: alpine.issuer })]) expect(await refusal(call())).toBe('FORBIDDEN')
      }
      expect(await refusal(save('alpine', alpine.issuer, ['alpine.example'], { defaultRole: 'PROVIDER_ADMIN' }))).toBe('ROLE_MISFIT')
    })

    it('and found by the domain of an address, whoever asks', async () => {
      const { access } = portal.as(null)
      expect(await access.findSignOn({ email: 'anybody@Alpine.example' })).toEqual({ connectionId: 'customer-alpine' })
      expect(await access.findSignOn({ email: 'anybody@nowhere.example' })).toEqual({ connectionId: null })
    })

    it('so that passwords are refused, but to administrators', async () => {
      const { mustUseSignOn } = await import('@driftless/db')
      const { db } = await import('@/server/db.ts')
      const session = (id: string, userId: string, tenantId: string | null, factors: ('PASSWORD' | 'SSO')[]) => ({ id, providerId: 'northwind', userId, tenantId, factors, tokenHash: id, expiresAt: new Date(Date.now() + 3_600_000) })
      await portal.owner.portalSession.createMany({ data: [session('by-password', 'user-olivia', 'alpine', ['PASSWORD']), session('by-sign-on', 'user-olivia', 'alpine', ['SSO']), session('elsewhere', 'user-henry', 'harbour', ['PASSWORD']), session('of-staff', 'user-ada', null, ['PASSWORD'])] })
      await save('alpine', alpine.issuer, ['alpine.example'], { enforced: true })
      const ended = await portal.owner.portalSession.findMany({ where: { id: { in: ['by-password', 'by-sign-on', 'elsewhere', 'of-staff'] }, revokedAt: { not: null } } })
      expect(ended.map(({ id }) => id)).toEqual(['by-password'])
      expect(await Promise.all(['user-olivia', 'user-henry', 'user-ada', 'nobody'].map((id) => mustUseSignOn(db(), id)))).toEqual([true, false, false, false])
      const { checkPassword } = await import('@/server/sign-in/password-step.ts')
      await portal.owner.user.update({ where: { id: 'user-olivia' }, data: { passwordHash: await hash(PASSWORD) } })
      await expect(checkPassword({ email: 'operator@alpine.example', password: PASSWORD }, null)).rejects.toMatchObject({ code: 'SIGN_ON_REQUIRED' })
      await expect(checkPassword({ email: 'operator@alpine.example', password: 'wrong' }, null)).rejects.toMatchObject({ code: 'SIGN_IN_WRONG' })
      const { link } = await portal.as(PEOPLE.ada).people.invite({ tenantId: 'alpine', email: 'late@alpine.example', name: 'Late', role: 'CUSTOMER_VIEWER', locale: 'en' })
      const token = link.slice(link.indexOf('#') + 1)
      expect(await refusal(portal.as(null).access.acceptInvitation({ token, name: 'Late', password: PASSWORD }))).toBe('SIGN_ON_REQUIRED')
      await save('alpine', alpine.issuer, ['alpine.example'])
    })

    it.each([
      ['a plain http address elsewhere', () => Promise.resolve({ url: 'http://192.0.2.1', close: () => Promise.resolve() }), 'only https'],
      ['an address with a password', () => Promise.resolve({ url: 'https://user:secret@id.example', close: () => Promise.resolve() }), 'only https'],
      ['nobody there', () => Promise.resolve({ url: 'http://localhost:9', close: () => Promise.resolve() }), 'did not answer'],
      ['a redirect', () => startJsonServer(() => ({ status: 302, headers: { location: 'http://169.254.169.254/' }, body: '' })), 'redirect'],
      ['no configuration', () => startJsonServer(() => ({ body: '<html>' })), 'no OpenID Connect configuration'],
      ['another’s name', () => startJsonServer((_path, self) => ({ body: JSON.stringify({ issuer: 'https://accounts.example', authorization_endpoint: self, token_endpoint: self, jwks_uri: self }) })), 'calls itself'],
      ['an endpoint inside', () => startJsonServer((_path, self) => ({ body: JSON.stringify({ issuer: self, authorization_endpoint: self, token_endpoint: 'http://10.0.0.1/', jwks_uri: self }) })), 'not https'],
      ['an endless answer', () => startJsonServer(() => ({ body: ' '.repeat(300_000) })), 'too long'],
    ])('never with %s', async (_what, start, reason) => {
      const server = await start()
      await expect(ada().test({ issuer: server.url })).rejects.toThrow(reason)
      await server.close()
    })
  })
})
