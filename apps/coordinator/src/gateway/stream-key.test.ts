import { expect, it } from 'vitest'
import { streamKeyOf } from './stream-key.ts'

const key = Buffer.alloc(32, 1)
const end = (id: string, protocol = 2) => ({ id, protocol })

it('is the same for both ends whenever it is made, and another for anything else', () => {
  const one = streamKeyOf(key, 'm', end('s'), end('t'))
  expect(one).toMatch(/^[A-Za-z0-9+/]{43}=$/)
  expect(streamKeyOf(key, 'm', end('s', 3), end('t'))).toBe(one)
  const others = [streamKeyOf(Buffer.alloc(32, 2), 'm', end('s'), end('t')), streamKeyOf(key, 'n', end('s'), end('t')), streamKeyOf(key, 'm', end('u'), end('t')), streamKeyOf(key, 'm', end('s'), end('u')), streamKeyOf(key, 'm', end('t'), end('s'))]
  expect(new Set([one, ...others]).size).toBe(6)
})

it('is given to nobody while one end would not know what to do with it', () => {
  expect([streamKeyOf(key, 'm', end('s', 1), end('t')), streamKeyOf(key, 'm', end('s'), end('t', 1)), streamKeyOf(key, 'm', undefined, end('t')), streamKeyOf(key, 'm', end('s'), undefined)]).toEqual([null, null, null, null])
})
