import { expect, it } from 'vitest'
import { ENDS_SOON_MS, agentTrust, isTrusted } from './agent-trust.ts'

const now = new Date('2026-11-29T12:00:00Z')
const at = (leftMs: number) => new Date(now.getTime() + leftMs)
const none = { revokedAt: null, quarantinedAt: null, certificateExpiresAt: null }

it.each([
  ['an agent of before, whose end is not known', none, 'ACTIVE'],
  ['a week left', { ...none, certificateExpiresAt: at(7 * 86_400_000) }, 'ACTIVE'],
  ['just enough left', { ...none, certificateExpiresAt: at(ENDS_SOON_MS) }, 'ACTIVE'],
  ['little left', { ...none, certificateExpiresAt: at(ENDS_SOON_MS - 1) }, 'ENDS_SOON'],
  ['one millisecond left', { ...none, certificateExpiresAt: at(1) }, 'ENDS_SOON'],
  ['none left', { ...none, certificateExpiresAt: at(0) }, 'EXPIRED'],
  ['a copy was used', { ...none, quarantinedAt: now, certificateExpiresAt: at(1) }, 'QUARANTINED'],
  ['revoked, and expired since', { ...none, revokedAt: now, certificateExpiresAt: at(-1) }, 'REVOKED'],
  ['revoked after a copy was used', { revokedAt: now, quarantinedAt: now, certificateExpiresAt: null }, 'REVOKED'],
] as const)('%s', (_name, facts, trust) => {
  expect(agentTrust(facts, now)).toBe(trust)
  expect(isTrusted(facts)).toBe(trust !== 'REVOKED' && trust !== 'QUARANTINED')
})
