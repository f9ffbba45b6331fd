import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

const never = new AbortController().signal
const soon = () => new Promise((resolve) => setImmediate(resolve))

test('so many at a time, the others in their order; one that gives up is passed over', async () => {
  const turns = new Turns(2)
  const log: string[] = []
  const one = await turns.take(never)
  const two = await turns.take(never)
  const giveUp = new AbortController()
  const third = turns.take(giveUp.signal).catch((error: unknown) => log.push(String(error)))
  const fourth = turns.take(never).then((end) => (log.push('fourth'), end))
  await soon()
  expect(log).toEqual([])
  giveUp.abort('given up')
  await third
  one()
  one() // a turn ends once
  const end = await fourth
  expect(log).toEqual(['given up', 'fourth'])
  two()
  end()
  await Promise.all([turns.take(never), turns.take(never)])
  await expect(turns.take(AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
})
