import { expect, test } from 'vitest'
import { errorOfMedian, inTurns } from './turns.ts'

test('each goes first in a third of the rounds, and all of them meet the same', async () => {
  const order: string[] = []
  const side = (name: string) => () => Promise.resolve(order.push(name))
  const rounds = await inTurns(3, { observed: side('o'), alone: side('a'), control: side('c') })
  expect(order.join('')).toBe('oacacocoa')
  expect(rounds).toEqual([{ observed: 1, alone: 2, control: 3 }, { observed: 6, alone: 4, control: 5 }, { observed: 8, alone: 9, control: 7 }])
})

test('it ends at its time, but not before there is anything to compare', async () => {
  const side = () => Promise.resolve(1)
  expect(await inTurns(100, { observed: side, alone: side, control: side }, performance.now() - 1)).toHaveLength(2)
})

test('a median errs by less the more values there are, and not at all where they agree', () => {
  const values = Array.from({ length: 101 }, (_, index) => index)
  expect(errorOfMedian([5, 5, 5])).toBe(0)
  expect(errorOfMedian(values)).toBeCloseTo((2 * 1.2533 * 1.4826 * 25) / Math.sqrt(101))
  expect(errorOfMedian([...values, ...values, ...values, ...values])).toBeLessThan(0.6 * errorOfMedian(values))
})
