import { describe, expect, it } from 'vitest'
import { lineByHour } from './line-by-hour.ts'

const at = (time: string, bytesPerSecond: number) => ({ atMs: Date.parse(`2026-07-01T${time}Z`), bytesPerSecond })

describe('a line by the hour', () => {
  it('is told by the clock of the zone, and only where it was looked at often enough', () => {
    const samples = [at('06:10:00', 10), at('06:20:00', 30), at('06:30:00', 20), at('07:00:00', 5), at('07:59:59', 5)]
    expect(lineByHour(samples, 'Europe/Zurich')).toEqual([{ hour: 8, p50BytesPerSecond: 20, p90BytesPerSecond: 10, looks: 3 }])
  })
  it('is in the order of the day', () => expect(lineByHour([...Array<ReturnType<typeof at>>(3).fill(at('23:00:00', 1)), ...Array<ReturnType<typeof at>>(3).fill(at('01:00:00', 2))], 'UTC').map(({ hour }) => hour)).toEqual([1, 23]))
  it('of nothing is nothing', () => expect(lineByHour([], 'UTC')).toEqual([]))
})
