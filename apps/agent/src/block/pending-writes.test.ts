import { expect, test } from 'vitest'
import { PendingWrites } from './pending-writes.ts'

test('it is settled when all that was begun before has ended, whatever was begun since', async () => {
  const writes = new PendingWrites()
  await writes.settled()
  const told: string[] = []
  const old = [writes.begin(), writes.begin()]
  const first = writes.settled().then(() => told.push('first'))
  const newer = writes.begin()
  const second = writes.settled().then(() => told.push('second'))
  const newest = writes.begin()
  expect(writes.count).toBe(4)
  writes.end(newer)
  await Promise.resolve()
  expect(told).toEqual([])
  for (const one of old) writes.end(one)
  await Promise.all([first, second])
  expect(told).toEqual(['first', 'second'])
  writes.end(newest)
  await writes.settled()
  expect(writes.count).toBe(0)
})
