import { describe, expect, it } from 'vitest'
import { passwordWeakness } from './password-rules.ts'

const olivia = { email: 'olivia.berger@alpine.example', name: 'Olivia Berger' }

describe('a password', () => {
  it.each([
    ['', 'TOO_SHORT'], ['short', 'TOO_SHORT'], ['elevensigns', 'TOO_SHORT'], ['🐎🐎🐎🐎🐎🐎', 'TOO_SHORT'], ['x'.repeat(201), 'TOO_LONG'],
    ['passwordpassword', 'OBVIOUS'], ['P@ssw0rd2026!', 'OBVIOUS'], ['Welcome12345!', 'OBVIOUS'], ['motdepasse2026', 'OBVIOUS'], ['aaaaaaaaaaaaaa', 'OBVIOUS'], ['abababababab', 'OBVIOUS'], ['123456789012', 'OBVIOUS'],
    ['abcdefghijklmnop', 'OBVIOUS'], ['qwertyuiop123', 'OBVIOUS'], ['OliviaBerger1', 'OBVIOUS'], ['alpine-2026-summer', 'OBVIOUS'], ['driftless-demo', 'OBVIOUS'], ['Driftless-2026!', 'OBVIOUS'], ['AdminAdmin12', 'OBVIOUS'],
    ['correct horse battery staple', null], ['tramway lilac 47', null], ['mon chat mange du fromage', null], ['kV8#pLq2!xRz', null], ['839201746529', null], ['пароль не скажу', null],
  ] as const)('%s → %s', (password, weakness) => expect(passwordWeakness(password, olivia)).toBe(weakness))
})
