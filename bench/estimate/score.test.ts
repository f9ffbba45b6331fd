import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { casesOf } from './cases.ts'
import { copySeconds } from './copy-run.ts'
import { ours, sizeByBandwidth } from './methods.ts'
import { score } from './score.ts'
import { readTraces } from './traces.ts'

/** A VM that dirties the same in every half hour of a week: 100 MB, where its addresses reach over 100 GB. */
const STEADY = { vm: 'steady', dirtiedBytes: Array<number>(7 * 48).fill(1e8), addressRangeBytes: 1e11 }

describe('a run of a copy', () => {
  const run = { usedBytes: 1_000, intervalSeconds: 10, dirtiedBytes: () => 0, bytesPerSecond: 10, horizonSeconds: 1_000_000 }
  it.each([
    ['quiet, it is size ÷ bandwidth', run, 100],
    ['nothing to copy is done', { ...run, usedBytes: 0 }, 0],
    ['steady churn takes its part of the line', { ...run, dirtiedBytes: () => 20 }, 125],
    ['a burst holds it up by what it dirtied', { ...run, dirtiedBytes: (index: number) => (index === 2 ? 100 : 0) }, 110],
    ['a burst beyond the line makes more to copy', { ...run, dirtiedBytes: (index: number) => (index === 2 ? 300 : 0) }, 130],
    ['after the horizon nobody waits', { ...run, horizonSeconds: 50 }, null],
    ['churn at the line’s rate has no end', { ...run, dirtiedBytes: () => 100 }, null],
    ['it may end in a quiet hour though the mean outruns the line', { ...run, usedBytes: 50, dirtiedBytes: (index: number) => (index % 2 === 0 ? 0 : 1_000) }, 5],
  ])('%s', (_name, one, seconds) => expect(copySeconds(one)).toEqual(seconds))
})

describe('a case', () => {
  it('is one for each day observed and each link, and takes what the trace says', () => {
    const cases = casesOf([STEADY])
    expect(cases.map(({ fromHours, bulkHours }) => [fromHours, bulkHours])).toEqual([0, 48, 72].flatMap((from) => [6, 12, 24, 48].map((bulk) => [from, bulk])))
    // 60 GB over a line that takes them in 12 hours, less 55.6 kB/s of it.
    expect(cases[1]?.actualSeconds).toBeCloseTo(6e10 / (6e10 / 43_200 - 1e8 / 1_800), 3)
    expect(cases[0]).toMatchObject({ pattern: 'steady', observed: STEADY.dirtiedBytes.slice(0, 48) })
  })
  it('never ends where the line is outrun', () => expect(casesOf([{ ...STEADY, dirtiedBytes: STEADY.dirtiedBytes.map(() => 1e10) }]).every(({ actualSeconds }) => actualSeconds === null)).toBe(true))
  it('is not made of a trace that is too short', () => expect(casesOf([{ ...STEADY, dirtiedBytes: STEADY.dirtiedBytes.slice(0, 48) }])).toEqual([]))
})

describe('a score', () => {
  const cases = casesOf([STEADY])
  it('finds no error in ours where every day is the same', () => expect(score(cases, ours)).toMatchObject({ cases: 12, ended: 12, medianError: expect.closeTo(0, 9), p90Error: expect.closeTo(0, 9), p90Held: 1, endCalledRight: 1 }))
  it('finds what size ÷ bandwidth leaves out', () => {
    const { medianError, p90Held } = score(cases, sizeByBandwidth)
    expect(medianError).toBeGreaterThan(0.02)
    expect(p90Held).toBe(0)
  })
  it('counts a move that ended and was said never to as an error of the whole', () => expect(score(cases, () => ({ p50: null, p90: null }))).toMatchObject({ medianError: 1, p90Held: 1, endCalledRight: 0 }))
})

describe('traces', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'driftless-traces-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const read = async (text: string) => {
    await writeFile(join(folder, 'traces.csv'), text)
    return readTraces(join(folder, 'traces.csv'))
  }
  it('are read by their columns, in whatever order, each VM by time', async () => {
    expect(await read('start_s,vm,write_unique_bytes,read_bytes,address_range_bytes\n1800,a,2,0,10\n0,a,1,0,30\n0,b,3,0,5\n')).toEqual([{ vm: 'a', dirtiedBytes: [1, 2], addressRangeBytes: 30 }, { vm: 'b', dirtiedBytes: [3], addressRangeBytes: 5 }])
  })
  it('are refused with a gap, without a column, and where there are none', async () => {
    await expect(read('vm,start_s,write_unique_bytes,address_range_bytes\na,0,1,1\na,3600,1,1\n')).rejects.toThrow('not half hours one after another')
    await expect(read('vm,start_s,address_range_bytes\na,0,1\n')).rejects.toThrow('write_unique_bytes')
    await expect(readTraces(join(folder, 'none.csv'))).rejects.toThrow('cannot be read')
  })
})
