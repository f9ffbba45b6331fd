import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { forecastWave } from './forecast-wave.ts'
import { simulateWave } from './simulate-wave.ts'
import type { WaveInput, WaveVm } from './wave-input.ts'

const GB = 1_000_000_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2026, 0, 2)
const RUNS = { runs: 60 }

const vm = (more: Partial<WaveVm> = {}): WaveVm => ({ id: 'a', usedBytes: 360 * GB, sizeBytes: 500 * GB, intervalSeconds: 1_800, dirtiedBytes: Array<number>(48).fill(0), firstIntervalAtMs: START - DAY, ...more })
const line = (bytesPerSecond: number) => ({ p50BytesPerSecond: bytesPerSecond, p90BytesPerSecond: bytesPerSecond })
const wave = (more: Partial<WaveInput> = {}): WaveInput => ({
  vms: [vm()], link: line(0.1 * GB), capBytesPerSecond: null, throttleBytesPerSecond: null, startAtMs: START, timeZone: 'Europe/Zurich', parallelCopies: 1,
  parallelCutovers: 1, othersWantBytesPerSecond: [], window: null, windows: [], measured: null, correction: null, ...more,
})
const steady = (bytesPerSecond: number) => Array<number>(48).fill(bytesPerSecond * 1_800)
const p50 = (input: WaveInput) => forecastWave(input, RUNS).identicalSeconds.p50

describe('the time to identical', () => {
  it.each([
    ['of a quiet VM is size ÷ bandwidth', wave(), 3_600],
    ['of nothing is nothing', wave({ vms: [] }), 0],
    ['of an empty disk is nothing', wave({ vms: [vm({ usedBytes: 0 })] }), 0],
    ['of VMs one after another is their sum', wave({ vms: [vm(), vm({ id: 'b' })] }), 7_200],
    ['is the same side by side', wave({ vms: [vm(), vm({ id: 'b' })], parallelCopies: 2 }), 7_200],
    ['of many small ones within a step adds up', wave({ vms: Array.from({ length: 100 }, (_, index) => vm({ id: `${index}`, usedBytes: 3.6 * GB })) }), 3_600],
    ['is half where half is sent', wave({ vms: [vm({ sentShare: 0.5 })] }), 1_800],
    ['obeys the cap', wave({ capBytesPerSecond: 0.05 * GB }), 7_200],
    ['leaves another wave its half', wave({ othersWantBytesPerSecond: [null] }), 7_200],
    ['leaves a modest one what it asks for', wave({ othersWantBytesPerSecond: [0.02 * GB] }), 4_500],
    ['is what the target’s end takes in, where that is less than the line', wave({ targetBytesPerSecond: 0.025 * GB }), 14_400],
    ['is the line’s where the target’s end takes in more', wave({ targetBytesPerSecond: 0.2 * GB }), 3_600],
    ['waits for the hour at which the line is free', wave({ link: { ...line(0.1 * GB), byHour: [{ hour: 1, ...line(0) }] } }), 7_200],
    ['is known where the site may send far less than the line gives', wave({ vms: [vm({ usedBytes: 0.2 * GB })], link: { ...line(0.1 * GB), limit: { siteBytesPerSecond: 1_000, schedule: { zone: 'UTC', rules: [] } } } }), 200_000],
    ['obeys the site’s timetable', wave({ link: { ...line(0.1 * GB), limit: { siteBytesPerSecond: null, schedule: { zone: 'UTC', rules: [{ days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, toMinute: 30, bytesPerSecond: 0.05 * GB }] } } } }), 4_500],
  ])('%s', (_name, input, seconds) => expect(p50(input)).toBeCloseTo(seconds, 0))

  it('grows by what is dirtied behind the sweep: less than if everything had to be sent again', () => {
    const busy = wave({ vms: [vm({ dirtiedBytes: steady(0.03 * GB) })] })
    const all = forecastWave(busy, { ...RUNS, sweepTakesLaterWrites: false }).identicalSeconds.p50 ?? Number.NaN
    expect(all).toBeGreaterThan(0.98 * (3_600 / 0.7))
    expect(all).toBeLessThan(1.02 * (3_600 / 0.7))
    expect(p50(busy)).toBeGreaterThan(1.1 * 3_600)
    expect(p50(busy)).toBeLessThan(0.95 * all)
  })
  it('is shorter where the same blocks are written over and over while they wait', () => {
    // Half of the day it writes faster than the line sends: what waits then grows with time, or with the curve.
    const dirtiedBytes = Array.from({ length: 48 }, (_, slot) => (slot < 24 ? 0.05 * GB * 1_800 : 0))
    const all = wave({ link: line(0.03 * GB), vms: [vm({ dirtiedBytes })] })
    const few = { ...all, vms: [vm({ dirtiedBytes, workingSet: [{ spanSeconds: 1_800, uniqueBytes: 90 * GB }, { spanSeconds: 86_400, uniqueBytes: 100 * GB }] })] }
    const figures = (input: WaveInput) => forecastWave(input, { ...RUNS, sweepTakesLaterWrites: false })
    expect(figures(few).identicalSeconds.p50 ?? Number.NaN).toBeLessThan(0.9 * (figures(all).identicalSeconds.p50 ?? Number.NaN))
    expect(figures(few).wireBytes.p50).toBeLessThan(0.9 * figures(all).wireBytes.p50)
  })
  it('says never where guests write faster than the line, and with which throttle it would converge', () => {
    const input = wave({ vms: [vm({ dirtiedBytes: steady(0.2 * GB) })] })
    const forecast = forecastWave(input, RUNS)
    expect(forecast).toMatchObject({ identicalSeconds: { p50: null, p90: null }, converges: false, convergesShare: 0, remedy: { startAtMs: null } })
    const throttleBytesPerSecond = forecast.remedy?.throttleBytesPerSecond ?? null
    expect(throttleBytesPerSecond).toBeGreaterThan(0)
    expect(forecastWave({ ...input, throttleBytesPerSecond }, RUNS).converges).toBe(true)
  })
  it('names the hour at which it would converge, where only quiet nights let it', () => {
    const nightly = Array.from({ length: 48 }, (_, slot) => (slot < 12 ? 0 : 0.3 * GB * 1_800))
    const from = (startAtMs: number) => forecastWave(wave({ vms: [vm({ dirtiedBytes: nightly })], startAtMs }), { ...RUNS, sweepTakesLaterWrites: false })
    const forecast = from(START + 12 * HOUR)
    expect(forecast.converges).toBe(false)
    const startAtMs = forecast.remedy?.startAtMs ?? 0
    // In the next night, with the two hours by which it may be late.
    expect((startAtMs - START) / HOUR).toBeGreaterThanOrEqual(24)
    expect((startAtMs - START) / HOUR).toBeLessThan(29)
    expect(from(startAtMs).converges).toBe(true)
  })
  it('is corrected by what earlier estimates missed', () => {
    const input = wave({ link: { p50BytesPerSecond: 0.1 * GB, p90BytesPerSecond: 0.05 * GB } })
    const before = forecastWave(input, RUNS).identicalSeconds
    const after = forecastWave({ ...input, correction: { p50Factor: 1.1, p90Factor: 1.5 } }, RUNS).identicalSeconds
    expect(forecastWave({ ...input, correction: { p50Factor: 1.1, p90Factor: 1.5 } }, RUNS).uncorrectedSeconds).toEqual(before)
    expect(after.p50).toBeCloseTo(1.1 * (before.p50 ?? Number.NaN), 3)
    expect(after.p90).toBeCloseTo(1.5 * (before.p90 ?? Number.NaN), 3)
  })
  it('is corrected for each VM by its own range, however early in the wave it is through', () => {
    const input = wave({ link: { p50BytesPerSecond: 0.1 * GB, p90BytesPerSecond: 0.08 * GB }, vms: ['a', 'b', 'c', 'd'].map((id) => vm({ id })) })
    const before = forecastWave(input, RUNS)
    const after = forecastWave({ ...input, correction: { p50Factor: 1.1, p90Factor: 1.5 } }, RUNS)
    for (const [index, { identicalSeconds }] of after.vms.entries()) {
      expect(identicalSeconds.p50).toBeCloseTo(1.1 * (before.vms[index]?.identicalSeconds.p50 ?? Number.NaN), 3)
      expect(identicalSeconds.p90).toBeCloseTo(1.5 * (before.vms[index]?.identicalSeconds.p90 ?? Number.NaN), 3)
    }
  })
})

describe('a forecast', () => {
  const busyDay = fc.array(fc.option(fc.integer({ min: 0, max: 40 * GB }), { freq: 8 }), { minLength: 1, maxLength: 60 })
  test('is the same for the same seed, and its P90 never below its P50', () => {
    fc.assert(fc.property(busyDay, fc.integer({ min: 0, max: 1_000 }), (dirtiedBytes, seed) => {
      const input = wave({ vms: [vm({ dirtiedBytes }), vm({ id: 'b' })], parallelCopies: 2 })
      const forecast = forecastWave(input, { runs: 20, seed })
      expect(forecastWave(input, { runs: 20, seed })).toEqual(forecast)
      for (const { identicalSeconds, wireBytes, cutoverSeconds, convergesShare } of [forecast, ...forecast.vms]) {
        if (identicalSeconds.p90 !== null) expect(identicalSeconds.p90).toBeGreaterThanOrEqual(identicalSeconds.p50 ?? Number.NaN)
        expect(wireBytes.p90).toBeGreaterThanOrEqual(wireBytes.p50)
        expect(cutoverSeconds.p90).toBeGreaterThanOrEqual(cutoverSeconds.p50)
        expect(convergesShare >= 0 && convergesShare <= 1).toBe(true)
      }
    }), { numRuns: 40 })
  })
  test('does not get slower on a faster line, nor by a throttle on the guests', () => {
    fc.assert(fc.property(busyDay, fc.double({ min: 0.02, max: 0.2, noNaN: true }), (dirtiedBytes, gigabytes) => {
      const input = wave({ vms: [vm({ dirtiedBytes })], link: line(gigabytes * GB) })
      const seconds = p50(input)
      if (seconds === null) return
      // Steps are chosen by the length: a hundredth and a minute for that.
      for (const faster of [{ ...input, link: line(1.5 * gigabytes * GB) }, { ...input, throttleBytesPerSecond: 1_000_000 }]) expect(p50(faster) ?? Number.NaN).toBeLessThanOrEqual(1.01 * seconds + 60)
    }), { numRuns: 40 })
  })
  test('knows no scale: all bytes doubled take as long', () => {
    fc.assert(fc.property(busyDay, (dirtiedBytes) => {
      const input = wave({ vms: [vm({ dirtiedBytes })] })
      const double = wave({ vms: [vm({ usedBytes: 720 * GB, sizeBytes: 1_000 * GB, dirtiedBytes: dirtiedBytes.map((bytes) => (bytes === null ? null : 2 * bytes)) })], link: line(0.2 * GB) })
      const [one, other] = [p50(input), p50(double)]
      if (one === null) expect(other).toBeNull()
      else expect(other).toBeCloseTo(one, 3)
    }), { numRuns: 30 })
  })
  it('narrows as the day is seen, and says when enough was', () => {
    const ratios = [4, 12, 24, 36, 48, 96, 240].map((intervals) => {
      const { identicalSeconds, enough } = forecastWave(wave({ vms: [vm({ dirtiedBytes: Array<number>(intervals).fill(0.03 * GB * 1_800) })] }), { runs: 200 })
      return { enough, ratio: (identicalSeconds.p90 ?? Number.POSITIVE_INFINITY) / (identicalSeconds.p50 ?? Number.NaN) }
    })
    expect(ratios.map(({ enough }) => enough)).toEqual([false, true, true, true, true, true, true])
    for (const [index, { ratio }] of ratios.entries()) expect(ratio).toBeLessThanOrEqual((ratios[index - 1]?.ratio ?? Number.POSITIVE_INFINITY) + 1e-9)
    expect(ratios[0]?.ratio).toBeGreaterThan(1.2 * (ratios.at(-1)?.ratio ?? Number.NaN))
  })
  it('takes a gap for what was seen beside it, not for quiet', () => {
    const half = steady(0.03 * GB).map((bytes, index) => (index % 2 === 0 ? bytes : null))
    const { identicalSeconds, observed } = forecastWave(wave({ vms: [vm({ dirtiedBytes: half })] }), RUNS)
    expect(identicalSeconds.p50).toBeCloseTo(p50(wave({ vms: [vm({ dirtiedBytes: steady(0.03 * GB) })] })) ?? Number.NaN, -2)
    expect(observed).toMatchObject({ intervals: 24, seconds: 12 * 3_600, dayShare: 0.5 })
  })
  it('plays the line’s luck: its P90 is what the slow tenth gives', () => {
    const { identicalSeconds } = forecastWave(wave({ link: { p50BytesPerSecond: 0.1 * GB, p90BytesPerSecond: 0.05 * GB } }), { runs: 500 })
    expect(identicalSeconds.p50).toBeCloseTo(3_600, -2)
    expect((identicalSeconds.p90 ?? 0) / 7_200).toBeCloseTo(1, 1)
  })
})

describe('a throttle', () => {
  it('makes writes wait as much longer as the guest would have written more', () => {
    const { addedLatencyMs } = forecastWave(wave({ vms: [vm({ dirtiedBytes: steady(0.02 * GB), writeLatencyMs: 2 })], throttleBytesPerSecond: 0.01 * GB }), RUNS)
    const { addedLatencyMs: free } = forecastWave(wave({ vms: [vm({ dirtiedBytes: steady(0.02 * GB), writeLatencyMs: 2 })] }), RUNS)
    expect(addedLatencyMs.p50 - free.p50).toBeGreaterThan(1.8)
    expect(addedLatencyMs.p50 - free.p50).toBeLessThan(2.2)
  })
})

describe('the chance of a window', () => {
  const window = (fromHours: number, hours: number) => ({ fromMs: START + fromHours * HOUR, toMs: START + (fromHours + hours) * HOUR })
  it.each([
    ['is one where there is time', window(24, 4), 1],
    ['is none while the copy runs', window(0, 0.5), 0],
    ['is none where no cutover fits', window(24, 0.01), 0],
  ])('%s', (_name, at, chance) => expect(forecastWave(wave({ window: at }), RUNS).windowChance).toBe(chance))
  it('names the best of the free ones, of equals the earliest', () => {
    const { windows, bestWindow } = forecastWave(wave({ windows: [window(0, 0.5), window(48, 4), window(24, 4)] }), RUNS)
    expect(windows.map(({ chance }) => chance)).toEqual([0, 1, 1])
    expect(bestWindow).toMatchObject(window(24, 4))
  })
  it('is higher with more cutovers beside one another', () => {
    const vms = Array.from({ length: 8 }, (_, index) => vm({ id: `${index}`, usedBytes: GB, unprovenBytes: 0 }))
    const chance = (parallelCutovers: number) => forecastWave(wave({ vms, parallelCutovers, window: window(24, 1) }), RUNS).windowChance ?? Number.NaN
    expect(chance(8)).toBeGreaterThan(chance(1))
  })
  test('lies between none and one, whatever the window', () => {
    fc.assert(fc.property(fc.double({ min: -5, max: 30, noNaN: true }), fc.double({ min: 0, max: 24, noNaN: true }), (from, hours) => {
      const { windowChance } = forecastWave(wave({ vms: [vm({ dirtiedBytes: steady(0.05 * GB) })], window: window(from, hours) }), { runs: 20 })
      expect(windowChance !== null && windowChance >= 0 && windowChance <= 1).toBe(true)
    }), { numRuns: 30 })
  })
})

test('a simulation keeps each VM’s runs in the wave’s order', () => {
  const { identicalAt } = simulateWave(wave({ vms: [vm(), vm({ id: 'b' })] }), { runs: 3, seed: 1 })
  for (const run of [0, 1, 2]) expect(identicalAt[0]?.[run] ?? Number.NaN).toBeLessThan(identicalAt[1]?.[run] ?? Number.NaN)
})

test('a day may be shorter, for demonstrations: everything in it is', () => {
  const busy = steady(0.03 * GB).map((bytes, index) => (index < 24 ? bytes : 0))
  const real = p50(wave({ vms: [vm({ dirtiedBytes: busy })] })) ?? Number.NaN
  const short = wave({ daySeconds: 864, vms: [vm({ usedBytes: 3.6 * GB, intervalSeconds: 18, dirtiedBytes: busy.map((bytes) => bytes / 100), firstIntervalAtMs: START - 864_000 })] })
  expect(forecastWave(short, RUNS)).toMatchObject({ enough: true, observed: { neededSeconds: 36 }, identicalSeconds: { p50: expect.closeTo(real / 100, 6) } })
})
