import { expect, test } from 'vitest'
import { recent } from './recent.ts'

test('what is known is told at once and renewed behind it; a failure does not unsay it', async () => {
  const answers = [() => 1, () => { throw new Error('away') }, () => 2]
  let asked = 0
  const ask = recent(0, () => Promise.resolve().then(() => answers[asked++]?.() ?? 3))
  expect(await ask()).toBe(1)
  expect(await ask()).toBe(1) // fails behind it
  await new Promise((resolve) => setImmediate(resolve))
  expect(await ask()).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await ask()).toBe(2)
})

test('many who ask at once ask once, and a first failure is told to all', async () => {
  let asked = 0
  const ask = recent(60_000, () => (asked++ === 0 ? Promise.reject(new Error('away')) : Promise.resolve('here')))
  await Promise.all([expect(ask()).rejects.toThrow('away'), expect(ask()).rejects.toThrow('away')])
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['here', 'here', 'here'])
  expect(await ask()).toBe('here')
  expect(asked).toBe(2)
})
