import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { KEY_BYTES, sealText, unsealText } from './index.ts'

const key = randomBytes(KEY_BYTES)

it('opens with its key and context', () => expect(unsealText(key, sealText(key, 'sésame', 'totp user-1'), 'totp user-1')).toBe('sésame'))

it.each([
  ['another key', (stored: string) => unsealText(randomBytes(KEY_BYTES), stored, 'a')],
  ['another row', (stored: string) => unsealText(key, stored, 'b')],
  ['a changed letter', (stored: string) => unsealText(key, stored.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), 'a')],
  ['another version', (stored: string) => unsealText(key, stored.replace('v1', 'v2'), 'a')],
  ['something else', () => unsealText(key, 'sésame', 'a')],
])('stays shut with %s', (_, open) => expect(open(sealText(key, 'secret', 'a'))).toBeNull())
