import { describe, expect, it } from 'vitest'
import { readEnv } from './env.ts'

const KEY = Buffer.alloc(32).toString('base64')
const GIVEN = { DATABASE_URL: 'postgres://c@localhost/d', QUEUE_URL: 'redis://localhost', SEALING_KEY: KEY, GATEWAY_KEY: KEY, ORDER_PUBLIC_KEY: KEY, AUDIT_SIGNING_KEY: KEY }

describe('readEnv', () => {
  it('tells names from addresses', () => {
    expect(readEnv({ ...GIVEN, GATEWAY_NAMES: 'gateway.example, 10.0.0.1,::1' }).gateway.names).toEqual([
      { name: 'gateway.example', isAddress: false }, { name: '10.0.0.1', isAddress: true }, { name: '::1', isAddress: true },
    ])
  })
  it('knows where the audit log is anchored, or that it is nowhere', () => {
    expect(readEnv({ ...GIVEN, AUDIT_ANCHOR: 'file:/var/lib/anchor.jsonl' }).auditAnchor).toEqual({ kind: 'file', path: '/var/lib/anchor.jsonl' })
    expect(readEnv(GIVEN).auditAnchor).toBeNull()
  })
  it('lets nobody’s webhooks out of the Internet by itself, and customers’ only by a word of its own', () => {
    expect(readEnv(GIVEN).webhookNetworks).toEqual({ provider: [], customers: [] })
    const { provider, customers } = readEnv({ ...GIVEN, WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8', WEBHOOK_CUSTOMER_NETWORKS: '192.168.7.0/24, fd12::/16' }).webhookNetworks
    expect([provider.length, customers.length]).toEqual([3, 2])
  })
  it.each([['AUDIT_ANCHOR', { ...GIVEN, AUDIT_ANCHOR: 'anchor.jsonl' }], ['DATABASE_URL', { QUEUE_URL: 'redis://x' }], ['GATEWAY_KEY', { ...GIVEN, GATEWAY_KEY: 'short' }], ['GATEWAY_PORT', { ...GIVEN, GATEWAY_PORT: '70000' }], ['GATEWAY_NAMES', { ...GIVEN, GATEWAY_NAMES: ' , ' }], ['WEBHOOK_ALLOWED_NETWORKS', { ...GIVEN, WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8, home' }]])('names %s when it is wrong', (name, given) => {
    expect(() => readEnv(given)).toThrow(name)
  })
})
