import { expect, it } from 'vitest'
import { clientAddress, dropHostile } from './hostile-headers.ts'

it.each([
  'x-middleware-subrequest', 'x-middleware-rewrite', 'x-nextjs-data', 'x-invoke-path', 'x-matched-path', 'x-nonce', 'content-security-policy', 'x-driftless-address',
  'x-original-url', 'x-rewrite-url', 'x-http-method-override', 'forwarded', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-host', 'next-action',
])('drops %s', (name) => {
  const headers = { [name]: 'evil', cookie: 'a=b' }
  dropHostile(headers, false)
  expect(headers).toEqual({ cookie: 'a=b' })
})

it.each(['cookie', 'host', 'origin', 'sec-fetch-site', 'accept-language', 'rsc', 'next-router-prefetch', 'next-router-state-tree', 'next-url', 'content-type'])('keeps %s', (name) => {
  const headers = { [name]: 'said' }
  dropHostile(headers, false)
  expect(headers).toEqual({ [name]: 'said' })
})

it('keeps what a trusted proxy says, and nothing more', () => {
  const headers = { 'x-forwarded-for': '198.51.100.7', 'x-middleware-subrequest': 'evil' }
  dropHostile(headers, true)
  expect(headers).toEqual({ 'x-forwarded-for': '198.51.100.7' })
})

it.each([
  ['the connection', '::ffff:192.0.2.1', '203.0.113.9', 0, '192.0.2.1'],
  ['what the proxy saw, not what the client wrote', '10.0.0.1', '203.0.113.9, 198.51.100.7', 1, '198.51.100.7'],
  ['two proxies', '10.0.0.1', '203.0.113.9, 198.51.100.7, 10.0.0.2', 2, '198.51.100.7'],
  ['fewer entries than proxies', '10.0.0.1', '198.51.100.7', 2, '198.51.100.7'],
  ['a proxy that says nothing', '10.0.0.1', undefined, 1, '10.0.0.1'],
  ['a connection that is gone', undefined, undefined, 0, null],
])('takes %s', (_, connection, forwarded, hops, address) => expect(clientAddress(connection, forwarded, hops)).toBe(address))
