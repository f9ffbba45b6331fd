import { expect, test } from 'vitest'
import { transitDaysOf } from './transit-days.ts'

test.each([
  { typed: '1', said: { days: 1, wrong: false } },
  { typed: '60', said: { days: 60, wrong: false } },
  { typed: '0', said: { days: 3, wrong: true } },
  { typed: '61', said: { days: 3, wrong: true } },
  { typed: '2.5', said: { days: 3, wrong: true } },
  { typed: '', said: { days: 3, wrong: true } },
  { typed: 'soon', said: { days: 3, wrong: true } },
])('days typed as "$typed"', ({ typed, said }) => expect(transitDaysOf(typed)).toEqual(said))
