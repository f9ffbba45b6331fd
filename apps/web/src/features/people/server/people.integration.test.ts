import { verify } from '@node-rs/argon2'
import { plainText, startSmtpServer } from '@driftless/tests/support/smtp.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const PASSWORD = 'tramway lilac 47'
const tokenOf = (link: string) => link.slice(link.indexOf('#') + 1)

describe('people', () => {
  let portal: Portal
  let smtp: Awaited<ReturnType<typeof startSmtpServer>>
  beforeAll(async () => {
    portal = await openPortal()
    smtp = await startSmtpServer()
    vi.stubEnv('SMTP_URL', smtp.url)
  })
  afterAll(async () => {
    await smtp.close()
    await portal.close()
  })
  beforeEach(() => void smtp.delivered.splice(0))

  let made = 0
  const invitation = (changed: object = {}) => ({ tenantId: 'alpine', email: `new-${++made}@alpine.example`, name: 'Noor <b>', role: 'CUSTOMER_APPROVER', locale: 'fr', ...changed }) as const
  const ada = () => portal.as(PEOPLE.ada).people
  const anybody = () => portal.as(null).access
  const entries = (action: string) => portal.owner.auditEntry.findMany({ where: { action }, orderBy: { id: 'asc' } })
  /** A person of the demo, of a test's own. */
  const someone = async (role: 'CUSTOMER_VIEWER' | 'PROVIDER_ADMIN' | 'CUSTOMER_OPERATOR', tenantId: string | null) => {
    const id = `someone-${++made}`
    await portal.owner.user.create({ data: { id, providerId: 'northwind', tenantId, email: `${id}@some.example`, name: id, role, passwordHash: 'x' } })
    return { id, email: `${id}@some.example` }
  }
  const session = (userId: string, tenantId: string | null) => portal.owner.portalSession.create({ data: { providerId: 'northwind', tenantId, userId, tokenHash: `hash ${++made}`, expiresAt: new Date(Date.now() + 3_600_000), factors: ['PASSWORD'] } })

  describe('invitations', () => {
    it('invites by a link and a mail in the person’s language, and keeps only a hash', async () => {
      const input = invitation()
      const { link, mailed } = await ada().invite(input)
      expect([mailed, link]).toEqual([true, expect.stringMatching(/^http:\/\/portal\.test\/invitation#[\w-]{43}$/)])
      const [mail] = smtp.delivered
      expect(mail).toMatchObject({ to: [input.email], from: 'no-reply@portal.test' })
      const text = plainText(mail ?? { source: '', to: [], from: '' })
      expect(text).toContain('Ada Lindqvist vous invite sur le portail de migration de Northwind Cloud, pour Alpine Outfitters.')
      expect(text).toContain(link)
      expect(mail?.source).toContain('&lt;b&gt;')
      const row = await portal.owner.invitation.findFirstOrThrow({ where: { email: input.email } })
      expect(JSON.stringify(row)).not.toContain(tokenOf(link))
      expect(row.expiresAt.getTime() - row.createdAt.getTime()).toBe(7 * 86_400_000)
    })

    it('is accepted once, with a password that is kept by argon2id', async () => {
      const input = invitation()
      const token = tokenOf((await ada().invite(input)).link)
      expect(await anybody().invitation({ token })).toMatchObject({ email: input.email, organisation: 'Alpine Outfitters', invitedBy: 'Ada Lindqvist', enforced: false })
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => anybody().acceptInvitation({ token, name: 'Noor', password: PASSWORD })))
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const made = await portal.owner.user.findUniqueOrThrow({ where: { email: input.email } })
      expect(made).toMatchObject({ tenantId: 'alpine', role: 'CUSTOMER_APPROVER', name: 'Noor', hasPassword: true })
      expect([made.passwordHash?.startsWith('$argon2id$'), await verify(made.passwordHash ?? '', PASSWORD)]).toEqual([true, true])
      expect(await refusal(anybody().invitation({ token }))).toBe('INVITATION_UNKNOWN')
      expect((await entries('person.accept')).filter(({ subjectId }) => subjectId === made.id)).toHaveLength(1)
    })

    it.each([
      ['short', 'PASSWORD_WEAK'], ['passwordpassword', 'PASSWORD_WEAK'], ['alpine-2026-new', 'PASSWORD_WEAK'],
    ])('refuses the password %s, and the invitation stays open', async (password, code) => {
      const token = tokenOf((await ada().invite(invitation())).link)
      expect(await refusal(anybody().acceptInvitation({ token, name: 'Noor', password }))).toBe(code)
      await anybody().acceptInvitation({ token, name: 'Noor', password: PASSWORD })
    })

    it('ends after seven days, when it is withdrawn, and when it was sent anew', async () => {
      const late = tokenOf((await ada().invite(invitation())).link)
      await portal.owner.invitation.updateMany({ where: { acceptedAt: null, withdrawnAt: null }, data: { expiresAt: new Date(Date.now() - 1) } })
      expect(await refusal(anybody().acceptInvitation({ token: late, name: 'N', password: PASSWORD }))).toBe('INVITATION_UNKNOWN')

      const input = invitation()
      const first = tokenOf((await ada().invite(input)).link)
      const { id } = await portal.owner.invitation.findFirstOrThrow({ where: { email: input.email } })
      const second = tokenOf((await ada().renewInvitation({ invitationId: id })).link)
      expect(await refusal(anybody().invitation({ token: first }))).toBe('INVITATION_UNKNOWN')
      expect(await anybody().invitation({ token: second })).toMatchObject({ email: input.email })
      await ada().withdrawInvitation({ invitationId: id })
      expect(await refusal(anybody().acceptInvitation({ token: second, name: 'N', password: PASSWORD }))).toBe('INVITATION_UNKNOWN')
      expect(await refusal(ada().renewInvitation({ invitationId: id }))).toBe('INVITATION_UNKNOWN')
      // An address whose invitation is over can be asked in again.
      await ada().invite(input)
    })

    it('refuses what does not fit', async () => {
      const input = invitation()
      await ada().invite(input)
      expect(await refusal(ada().invite(input))).toBe('ALREADY_INVITED')
      expect(await refusal(ada().invite(invitation({ email: 'Operator@Harbour.example' })))).toBe('EMAIL_TAKEN')
      expect(await refusal(ada().invite(invitation({ role: 'PROVIDER_ADMIN' })))).toBe('ROLE_MISFIT')
      expect(await refusal(ada().invite(invitation({ tenantId: null })))).toBe('ROLE_MISFIT')
      expect(await refusal(ada().invite(invitation({ tenantId: 'nowhere' })))).toBe('TENANT_UNKNOWN')
    })

    it('says so when the mail server takes nothing; the link stands', async () => {
      smtp.state.accept = false
      expect(await ada().invite(invitation())).toMatchObject({ mailed: false })
      smtp.state.accept = true
    })
  })

  describe('changes', () => {
    it('gives another role and ends the sessions', async () => {
      const { id } = await someone('CUSTOMER_VIEWER', 'alpine')
      const open = await session(id, 'alpine')
      await ada().changeRole({ userId: id, role: 'CUSTOMER_OPERATOR' })
      expect((await portal.owner.portalSession.findUniqueOrThrow({ where: { id: open.id } })).revokedAt).not.toBeNull()
      expect(await refusal(ada().changeRole({ userId: id, role: 'PROVIDER_VIEWER' }))).toBe('ROLE_MISFIT')
      expect((await entries('person.role')).at(-1)).toMatchObject({ subjectId: id, before: 'CUSTOMER_VIEWER', after: 'CUSTOMER_OPERATOR', tenantId: 'alpine' })
    })

    it('shuts somebody out and lets them in again', async () => {
      const { id } = await someone('CUSTOMER_VIEWER', 'alpine')
      const open = await session(id, 'alpine')
      await ada().setActive({ userId: id, active: false })
      expect((await portal.owner.portalSession.findUniqueOrThrow({ where: { id: open.id } })).revokedAt).not.toBeNull()
      const listed = async () => (await ada().list()).people.find((person) => person.id === id)
      expect(await listed()).toMatchObject({ deactivated: true })
      expect(await refusal(ada().makeResetLink({ userId: id }))).toBe('DEACTIVATED')
      await ada().setActive({ userId: id, active: true })
      expect(await listed()).toMatchObject({ deactivated: false })
    })

    it('leaves nobody change themselves, and one administrator always', async () => {
      const { userId } = PEOPLE.ada
      for (const call of [() => ada().changeRole({ userId, role: 'PROVIDER_VIEWER' }), () => ada().setActive({ userId, active: false }), () => ada().makeResetLink({ userId })]) expect(await refusal(call())).toBe('OWN_ACCOUNT')
      const other = await someone('PROVIDER_ADMIN', null)
      const asOther = portal.as({ ...PEOPLE.ada, userId: other.id }).people
      // Both at once take the other's role: one of them keeps it.
      const both = await Promise.allSettled([ada().changeRole({ userId: other.id, role: 'PROVIDER_VIEWER' }), asOther.changeRole({ userId, role: 'PROVIDER_VIEWER' })])
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await portal.owner.user.count({ where: { role: 'PROVIDER_ADMIN', deactivatedAt: null } })).toBe(1)
      await portal.owner.user.update({ where: { id: userId }, data: { role: 'PROVIDER_ADMIN' } })
    })

    it('ends sessions on demand', async () => {
      const { id } = await someone('CUSTOMER_VIEWER', 'alpine')
      await session(id, 'alpine')
      await ada().signOut({ userId: id })
      expect(await portal.owner.portalSession.count({ where: { userId: id, revokedAt: null } })).toBe(0)
    })

    it.each([
      ['a customer’s operator', PEOPLE.olivia, 'FORBIDDEN'], ['a customer’s approver', PEOPLE.anna, 'FORBIDDEN'], ['a scheduler', PEOPLE.samir, 'FORBIDDEN'], ['nobody', null, 'SIGNED_OUT'],
    ])('refuses %s', async (_who, person, code) => {
      const { people } = portal.as(person)
      const { userId } = PEOPLE.henry
      for (const call of [() => people.invite(invitation()), () => people.changeRole({ userId, role: 'CUSTOMER_VIEWER' }), () => people.setActive({ userId, active: false }), () => people.signOut({ userId }), () => people.makeResetLink({ userId }), () => people.resetFactors({ userId }), () => people.setPolicy({ target: { kind: 'STAFF' }, policy: 'OPTIONAL' }), () => people.policies()])
        expect(await refusal(call())).toBe(code)
    })

    it('keeps one provider’s people from another’s administrator', async () => {
      await portal.owner.provider.create({ data: { id: 'southwind', name: 'Southwind', accentColor: '#111111' } })
      const { people } = portal.as({ ...PEOPLE.ada, userId: 'user-eve', providerId: 'southwind' })
      const { userId } = PEOPLE.olivia
      const open = await portal.owner.invitation.findFirstOrThrow({ where: { acceptedAt: null, withdrawnAt: null } })
      for (const call of [() => people.changeRole({ userId, role: 'CUSTOMER_VIEWER' }), () => people.setActive({ userId, active: false }), () => people.signOut({ userId }), () => people.makeResetLink({ userId }), () => people.resetFactors({ userId })]) expect(await refusal(call())).toBe('PERSON_UNKNOWN')
      for (const call of [() => people.renewInvitation({ invitationId: open.id }), () => people.withdrawInvitation({ invitationId: open.id })]) expect(await refusal(call())).toBe('INVITATION_UNKNOWN')
      expect(await refusal(people.invite(invitation()))).toBe('TENANT_UNKNOWN')
      expect(await refusal(people.setPolicy({ target: { kind: 'CUSTOMER', tenantId: 'alpine' }, policy: 'REQUIRED' }))).toBe('TENANT_UNKNOWN')
      expect(await people.list()).toMatchObject({ people: [], invitations: [], customers: [] })
    })

    it('shows a customer its own people, to read', async () => {
      const { people, customers } = await portal.as(PEOPLE.viewer).people.list()
      expect(people.map(({ id }) => id)).toContain('user-anna')
      expect(people.every((person) => person.tenantId === 'alpine' && !person.mine)).toBe(true)
      expect(customers).toEqual([])
    })

    it('keeps a customer’s transaction from promoting anybody, even in SQL', async () => {
      const { inScope } = await import('@driftless/db')
      const { db } = await import('@/server/db.ts')
      const scope = { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: 'user-olivia', name: 'Olivia' } } as const
      for (const statement of [`UPDATE portal_user SET role = 'CUSTOMER_APPROVER' WHERE id = 'user-olivia'`, `UPDATE portal_user SET password_hash = 'x' WHERE id = 'user-anna'`, `UPDATE portal_user SET deactivated_at = now() WHERE id = 'user-anna'`])
        await expect(inScope(db(), scope, (tx) => tx.db.$executeRawUnsafe(statement))).rejects.toThrow(/provider's scope alone/)
      await expect(inScope(db(), scope, (tx) => tx.db.$executeRawUnsafe(`INSERT INTO portal_user (id, provider_id, tenant_id, email, name, role) VALUES ('second-self', 'northwind', 'alpine', 's@s.s', 's', 'CUSTOMER_APPROVER')`))).rejects.toThrow(/row-level security/)
      await expect(inScope(db(), scope, (tx) => tx.db.$executeRawUnsafe(`INSERT INTO invitation (id, provider_id, tenant_id, email, name, role, token_hash, created_by_id, expires_at) VALUES ('i', 'northwind', 'alpine', 's@s.s', 's', 'CUSTOMER_APPROVER', 'h', 'u', now())`))).rejects.toThrow(/row-level security/)
      expect(await inScope(db(), scope, (tx) => tx.db.$executeRawUnsafe(`UPDATE tenant SET second_factor = 'OPTIONAL'`))).toBe(0)
    })
  })

  describe('a forgotten password', () => {
    const mailTo = (address: string) => vi.waitFor(() => {
      const mail = smtp.delivered.find(({ to }) => to.includes(address))
      if (!mail) throw new Error('not there yet')
      return mail
    }, { timeout: 30_000 })

    it('is replaced by a link in a mail, once, and ends the sessions', async () => {
      const { id, email } = await someone('CUSTOMER_VIEWER', 'alpine')
      await session(id, 'alpine')
      expect(await anybody().forgotPassword({ email: email.toUpperCase() })).toEqual({ mails: true })
      const link = /http:\S+/.exec(plainText(await mailTo(email)))?.[0] ?? ''
      const token = tokenOf(link)
      const row = await portal.owner.passwordReset.findFirstOrThrow({ where: { userId: id } })
      expect(row.expiresAt.getTime() - row.createdAt.getTime()).toBe(30 * 60_000)
      expect(await refusal(anybody().resetPassword({ token, password: 'short' }))).toBe('PASSWORD_WEAK')
      const tries = await Promise.allSettled(Array.from({ length: 5 }, () => anybody().resetPassword({ token, password: PASSWORD })))
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await verify((await portal.owner.user.findUniqueOrThrow({ where: { id } })).passwordHash ?? '', PASSWORD)).toBe(true)
      expect(await portal.owner.portalSession.count({ where: { userId: id, revokedAt: null } })).toBe(0)
      expect((await entries('person.password')).at(-1)).toMatchObject({ subjectId: id, actorId: id })
    })

    it('answers the same for an address that nobody has, and writes to nobody', async () => {
      const { email } = await someone('CUSTOMER_VIEWER', 'alpine')
      expect(await anybody().forgotPassword({ email: 'nobody@alpine.example' })).toEqual(await anybody().forgotPassword({ email }))
      await mailTo(email)
      expect(smtp.delivered).toHaveLength(1)
    })

    it('sends at most three mails an hour to one person', async () => {
      const { id, email } = await someone('CUSTOMER_VIEWER', 'alpine')
      await portal.owner.passwordReset.createMany({ data: [1, 2, 3].map((number) => ({ providerId: 'northwind', tenantId: 'alpine', userId: id, tokenHash: `${id} ${number}`, expiresAt: new Date() })) })
      const other = await someone('CUSTOMER_VIEWER', 'alpine')
      await anybody().forgotPassword({ email })
      await anybody().forgotPassword({ email: other.email })
      await mailTo(other.email)
      expect(await portal.owner.passwordReset.count({ where: { userId: id } })).toBe(3)
    })

    it('ends after half an hour, and with deactivation', async () => {
      const { id } = await someone('CUSTOMER_VIEWER', 'alpine')
      const late = tokenOf((await ada().makeResetLink({ userId: id })).link)
      await portal.owner.passwordReset.updateMany({ where: { userId: id }, data: { expiresAt: new Date(Date.now() - 1) } })
      expect(await refusal(anybody().resetPassword({ token: late, password: PASSWORD }))).toBe('RESET_UNKNOWN')
      const token = tokenOf((await ada().makeResetLink({ userId: id })).link)
      await ada().setActive({ userId: id, active: false })
      await ada().setActive({ userId: id, active: true })
      expect(await refusal(anybody().resetPassword({ token, password: PASSWORD }))).toBe('RESET_UNKNOWN')
    })
  })

  it('sets the policies of second factors, and writes them down', async () => {
    await ada().setPolicy({ target: { kind: 'STAFF' }, policy: 'PASSKEY' })
    await ada().setPolicy({ target: { kind: 'CUSTOMERS' }, policy: 'REQUIRED' })
    await ada().setPolicy({ target: { kind: 'CUSTOMER', tenantId: 'alpine' }, policy: 'PASSKEY' })
    await ada().setPolicy({ target: { kind: 'CUSTOMER', tenantId: 'alpine' }, policy: 'PASSKEY' })
    expect(await ada().policies()).toMatchObject({ staff: 'PASSKEY', allCustomers: 'REQUIRED', customers: [{ id: 'alpine', secondFactor: 'PASSKEY' }, { id: 'harbour', secondFactor: 'OPTIONAL' }] })
    const written = await portal.owner.auditEntry.findMany({ where: { action: { startsWith: 'policy.' } }, orderBy: { id: 'asc' } })
    expect(written.map(({ action, tenantId, before, after }) => [action, tenantId, before, after])).toEqual([
      ['policy.staff-second-factor', null, 'OPTIONAL', 'PASSKEY'], ['policy.customers-second-factor', null, 'OPTIONAL', 'REQUIRED'], ['policy.second-factor', 'alpine', 'OPTIONAL', 'PASSKEY'],
    ])
  })
})
