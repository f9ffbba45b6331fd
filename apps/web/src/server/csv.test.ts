import { expect, it } from 'vitest'
import { csv } from './csv.ts'

it('quotes what needs it, and nothing else', () => {
  expect(csv([['a', 'b,c', 'say "x"', 'two\nlines', 3, null]])).toBe('\ufeffa,"b,c","say ""x""","two\nlines",3,\r\n')
})

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx'])('never lets %j become a formula', (value) => {
  expect(csv([[value]])).toBe(`\ufeff'${value}\r\n`)
})

it('leaves negative numbers numbers', () => expect(csv([[-1]])).toBe('\ufeff-1\r\n'))
