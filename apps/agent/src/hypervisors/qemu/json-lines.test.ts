import { expect, test } from 'vitest'
import { seededRandom } from '../../testing/pair.ts'
import { lineSplitter, parseJson } from './json-lines.ts'

test('lines come whole, however the stream is cut: 10,000 cuts', () => {
  const random = seededRandom(5)
  for (let round = 0; round < 100; round += 1) {
    const lines = Array.from({ length: 20 }, () => 'ä{"x": 1}'.repeat(Math.floor(random() * 5) + 1))
    const stream = Buffer.from(lines.map((line) => `${line}${random() < 0.5 ? '\r\n' : '\n'}`).join(''))
    const seen: string[] = []
    const take = lineSplitter(1024, (line) => seen.push(line))
    for (let at = 0; at < stream.length;) {
      const length = 1 + Math.floor(random() * 9)
      take(stream.subarray(at, at + length))
      at += length
    }
    expect(seen).toEqual(lines)
  }
})

test('a line without an end is refused before it fills the memory', () => {
  const take = lineSplitter(100, () => undefined)
  take(Buffer.alloc(60, 'x'))
  expect(() => take(Buffer.alloc(60, 'x'))).toThrow(/more than 100 bytes/)
})

test('what is no JSON is undefined', () => {
  expect(parseJson('{"a":1}')).toEqual({ a: 1 })
  expect(parseJson('{')).toBeUndefined()
})
