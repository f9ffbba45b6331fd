import { describe, expect, it } from 'vitest'
import { domainOf, judgeSignOn, may, roleFits, USER_ROLES } from './index.ts'
import type { SignOnClaims, SignOnPerson, SignOnRules, UserRole } from './index.ts'

const rules: SignOnRules = { issuer: 'https://id.alpine.example', providerId: 'north', tenantId: 'alpine', domains: ['alpine.example'], defaultRole: null }
const claims: SignOnClaims = { issuer: rules.issuer, subject: 's1', email: 'Olivia@Alpine.example', emailVerified: true }
const olivia: SignOnPerson = { id: 'olivia', providerId: 'north', tenantId: 'alpine', deactivated: false, subject: null }

type Case = { rules?: Partial<SignOnRules>; claims?: Partial<SignOnClaims>; linked?: SignOnPerson; namesake?: SignOnPerson; invited?: UserRole }
const judge = (one: Case) => judgeSignOn({ ...rules, ...one.rules }, { ...claims, ...one.claims }, one.linked ?? null, one.namesake ?? null, one.invited ?? null)

describe('judgeSignOn', () => {
  it.each<[string, Case, string]>([
    ['a known subject', { linked: olivia }, 'ENTER olivia'],
    ['a known subject whose address has moved away', { linked: olivia, claims: { email: 'o@elsewhere.example', emailVerified: false } }, 'ENTER olivia'],
    ['a known subject without an address', { linked: olivia, claims: { email: null } }, 'ENTER olivia'],
    ['a known subject who is shut out', { linked: { ...olivia, deactivated: true } }, 'REFUSE DEACTIVATED'],
    ['a known subject of another organisation', { linked: { ...olivia, tenantId: 'harbour' } }, 'REFUSE OTHER_ORGANISATION'],
    ['another issuer, whoever it names', { linked: olivia, claims: { issuer: 'https://id.evil.example' } }, 'REFUSE OTHER_ISSUER'],
    ['a new subject with a person’s address', { namesake: olivia }, 'LINK olivia'],
    ['a person who is linked to another subject', { namesake: { ...olivia, subject: 's0' } }, 'REFUSE OTHER_ACCOUNT'],
    ['a person who is shut out', { namesake: { ...olivia, deactivated: true } }, 'REFUSE DEACTIVATED'],
    ['another customer’s person', { namesake: { ...olivia, tenantId: 'harbour' } }, 'REFUSE OTHER_ORGANISATION'],
    ['the provider’s own person', { namesake: { ...olivia, tenantId: null } }, 'REFUSE OTHER_ORGANISATION'],
    ['another provider’s person', { namesake: { ...olivia, providerId: 'south' } }, 'REFUSE OTHER_ORGANISATION'],
    ['an address nobody verified', { namesake: olivia, claims: { emailVerified: false } }, 'REFUSE EMAIL_UNVERIFIED'],
    ['no address', { claims: { email: null } }, 'REFUSE NO_EMAIL'],
    ['a foreign domain', { namesake: olivia, claims: { email: 'olivia@harbour.example' } }, 'REFUSE OTHER_DOMAIN'],
    ['a domain that only ends alike', { claims: { email: 'olivia@evil-alpine.example' } }, 'REFUSE OTHER_DOMAIN'],
    ['a subdomain', { claims: { email: 'olivia@mail.alpine.example' } }, 'REFUSE OTHER_DOMAIN'],
    ['two addresses in one', { claims: { email: 'olivia@alpine.example@evil.example' } }, 'REFUSE OTHER_DOMAIN'],
    ['nobody who was invited', {}, 'REFUSE NOT_INVITED'],
    ['somebody new, where a role is given to all', { rules: { defaultRole: 'CUSTOMER_VIEWER' } }, 'CREATE CUSTOMER_VIEWER'],
    ['somebody who was invited', { invited: 'CUSTOMER_APPROVER', rules: { defaultRole: 'CUSTOMER_VIEWER' } }, 'CREATE CUSTOMER_APPROVER'],
  ])('%s', (_name, one, expected) => {
    const decision = judge(one)
    expect(`${decision.kind} ${decision.kind === 'REFUSE' ? decision.reason : decision.kind === 'CREATE' ? decision.role : decision.userId}`).toBe(expected)
  })

  it('writes a new person’s address in lower case', () => expect(judge({ namesake: olivia })).toMatchObject({ email: 'olivia@alpine.example' }))
})

it.each([['a@b.c', 'b.c'], ['a@B.C', 'b.c'], ['"a@b"@c.d', 'c.d'], ['@b.c', null], ['a@', null], ['a', null]])('domain of %s: %s', (email, domain) => expect(domainOf(email)).toBe(domain))

it('lets the provider’s administrators alone manage people', () => expect(USER_ROLES.filter((role) => may(role, 'manage-people'))).toEqual(['PROVIDER_ADMIN']))

it('fits a role to its side', () => {
  expect(USER_ROLES.filter((role) => roleFits(role, 'alpine'))).toEqual(['CUSTOMER_VIEWER', 'CUSTOMER_OPERATOR', 'CUSTOMER_APPROVER'])
  expect(USER_ROLES.filter((role) => roleFits(role, null)).every((role) => role.startsWith('PROVIDER_'))).toBe(true)
})
