import { expect, it } from 'vitest'
import { isSameOrigin } from './same-origin.ts'

it.each([
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'same-site', origin: 'http://portal.test', host: 'portal.test' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ origin: 'https://portal.test', host: 'portal.test' }, true],
  [{ origin: 'https://evil.test', host: 'portal.test' }, false],
  [{ origin: 'null', host: 'portal.test' }, false],
  [{ host: 'portal.test' }, true],
])('%j → %s', (headers, same) => expect(isSameOrigin(new Headers(headers))).toBe(same))
