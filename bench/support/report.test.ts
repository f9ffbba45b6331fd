import { describe, expect, test } from 'vitest'
import { Report, alternate, compareRounds } from './report.ts'

const row = { row: 'a row', unit: 's', better: 'LESS', goal: 2, against: 'a tool' } as const

describe('a report', () => {
  test('compares by the median of the rounds\' ratios, above 1 better whichever way the figure counts', () => {
    const rounds = [{ ours: 1, theirs: 2 }, { ours: 10, theirs: 40 }, { ours: 3, theirs: 3 }]
    expect(compareRounds(rounds, 'LESS')).toEqual({ ours: 3, theirs: 3, ratio: 2 })
    expect(compareRounds(rounds, 'MORE')).toEqual({ ours: 3, theirs: 3, ratio: 0.5 })
    expect(compareRounds(rounds.slice(0, 2), 'LESS')).toEqual({ ours: 5.5, theirs: 21, ratio: 3 })
  })

  test('shows what was missed as missed', () => {
    let text = ''
    const report = new Report('x', false, (more) => (text += more))
    report.addRounds({ ...row, rounds: [{ ours: 1, theirs: 2 }] })
    report.addRounds({ ...row, row: 'another', rounds: [{ ours: 2, theirs: 2 }] })
    report.finish()
    expect(text).toMatch(/a row .*2\.00 × .*✓ ≥ 2\.00/)
    expect(text).toMatch(/another .*1\.00 × .*✗ missed, ≥ 2\.00/)
    expect(report.missed.map((missed) => missed.row)).toEqual(['another'])
  })

  test('is a JSON line a row when asked for, at once', () => {
    const lines: string[] = []
    const report = new Report('x', true, (text) => lines.push(text))
    report.add({ row: 'memory', ours: 100, theirs: null, ratio: 2.56, goal: 1, unit: 'MiB', against: 'the limit' })
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([{ bench: 'x', row: 'memory', ours: 100, theirs: null, ratio: 2.56, goal: 1, unit: 'MiB', against: 'the limit' }])
    report.finish()
    expect(lines).toHaveLength(1)
  })

  test('has both sides take turns, each first in every other round', async () => {
    const order: string[] = []
    const side = (name: string) => () => Promise.resolve(order.push(name))
    expect(await alternate(3, side('ours'), side('theirs'))).toEqual([{ ours: 1, theirs: 2 }, { ours: 4, theirs: 3 }, { ours: 5, theirs: 6 }])
    expect(order).toEqual(['ours', 'theirs', 'theirs', 'ours', 'ours', 'theirs'])
  })
})
