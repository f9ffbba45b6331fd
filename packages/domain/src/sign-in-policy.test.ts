import { describe, expect, it } from 'vitest'
import { enrolledSatisfy, FRESH_MS, isFresh, policyFor, satisfies } from './sign-in-policy.ts'
import type { Factor, SecondFactorPolicy } from './sign-in-policy.ts'

describe('the policy that binds a person', () => {
  it.each<[SecondFactorPolicy, SecondFactorPolicy, SecondFactorPolicy | null, SecondFactorPolicy]>([
    ['OPTIONAL', 'OPTIONAL', 'OPTIONAL', 'OPTIONAL'],
    ['PASSKEY', 'OPTIONAL', 'OPTIONAL', 'OPTIONAL'],
    ['OPTIONAL', 'REQUIRED', 'OPTIONAL', 'REQUIRED'],
    ['OPTIONAL', 'OPTIONAL', 'REQUIRED', 'REQUIRED'],
    ['OPTIONAL', 'REQUIRED', 'PASSKEY', 'PASSKEY'],
    ['OPTIONAL', 'PASSKEY', 'REQUIRED', 'PASSKEY'],
    ['OPTIONAL', 'PASSKEY', null, 'OPTIONAL'],
    ['REQUIRED', 'OPTIONAL', null, 'REQUIRED'],
    ['PASSKEY', 'OPTIONAL', null, 'PASSKEY'],
  ])('staff %s, customers %s, tenant %s → %s', (staff, customers, tenant, expected) => expect(policyFor({ staff, customers, tenant })).toBe(expected))
})

describe('what a session may do', () => {
  it.each<[SecondFactorPolicy, Factor[], boolean]>([
    ['OPTIONAL', ['PASSWORD'], true],
    ['REQUIRED', ['PASSWORD'], false],
    ['REQUIRED', [], false],
    ['REQUIRED', ['PASSWORD', 'TOTP'], true],
    ['REQUIRED', ['PASSWORD', 'RECOVERY_CODE'], true],
    ['REQUIRED', ['PASSKEY'], true],
    ['REQUIRED', ['SSO'], true],
    ['PASSKEY', ['PASSWORD', 'TOTP'], false],
    ['PASSKEY', ['PASSWORD', 'RECOVERY_CODE'], false],
    ['PASSKEY', ['PASSWORD', 'TOTP', 'PASSKEY'], true],
    ['PASSKEY', ['SSO'], true],
  ])('%s with %j → %s', (policy, factors, full) => expect(satisfies(policy, factors)).toBe(full))
})

it.each<[SecondFactorPolicy, boolean, number, boolean]>([
  ['OPTIONAL', false, 0, true], ['REQUIRED', false, 0, false], ['REQUIRED', true, 0, true], ['REQUIRED', false, 1, true], ['PASSKEY', true, 0, false], ['PASSKEY', false, 2, true],
])('%s, an app: %s, passkeys: %i → enough: %s', (policy, totp, passkeys, enough) => expect(enrolledSatisfy(policy, { totp, passkeys })).toBe(enough))

describe('a session is fresh', () => {
  const none = { totp: false, passkeys: 0 }
  const app = { totp: true, passkeys: 0 }
  it.each([
    ['just now, by password, no factor', ['PASSWORD'], 0, none, true],
    ['at the limit', ['PASSWORD'], FRESH_MS, none, true],
    ['past it', ['PASSWORD'], FRESH_MS + 1, none, false],
    ['by password though a factor is enrolled', ['PASSWORD'], 0, app, false],
    ['by the organisation’s sign-on though a factor is enrolled', ['SSO'], 0, app, false],
    ['with a factor', ['PASSWORD', 'TOTP'], 0, app, true],
    ['with a recovery code', ['PASSWORD', 'RECOVERY_CODE'], 0, app, true],
    ['with a factor, long ago', ['PASSWORD', 'TOTP'], FRESH_MS + 1, app, false],
  ] as const)('%s', (_, factors, ago, enrolled, fresh) => expect(isFresh({ authenticatedAtMs: 1_000_000, factors }, enrolled, 1_000_000 + ago)).toBe(fresh))
})
