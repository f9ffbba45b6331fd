import { describe, expect, test } from 'vitest'
import { estimate, fasterWay, neededCutoverSeconds } from './estimate.ts'
import { eta } from './eta.ts'
import { downtimeSeconds, quantile } from './downtime.ts'

const MiB = 1024 * 1024
const vm = (usedMiB: number, churnMiB: number[]) => ({ usedBytes: usedMiB * MiB, sizeBytes: 2 * usedMiB * MiB, churnRates: churnMiB.map((rate) => rate * MiB) })
const link = (mibPerSecond: number) => ({ p50BytesPerSecond: mibPerSecond * MiB, p90BytesPerSecond: mibPerSecond * MiB })

describe('an estimate', () => {
  test.each([
    { of: 'a quiet VM is its used bytes over the link', vms: [vm(1000, [0])], rate: 10, p50: 100, p90: 100 },
    { of: 'churn takes its part of the link', vms: [vm(1000, [2, 2, 2])], rate: 10, p50: 125, p90: 125 },
    { of: 'two VMs share the link', vms: [vm(500, [1]), vm(500, [1])], rate: 10, p50: 125, p90: 125 },
    { of: 'P90 takes the churn not exceeded in nine of ten intervals', vms: [vm(1000, [0, 0, 0, 0, 0, 0, 0, 0, 5, 9])], rate: 10, p50: 100, p90: 200 },
    { of: 'churn at the link’s rate never converges', vms: [vm(1000, [10])], rate: 10, p50: null, p90: null },
    { of: 'a VM nobody observed counts as quiet', vms: [vm(1000, [])], rate: 10, p50: 100, p90: 100 },
  ])('$of', ({ vms, rate, p50, p90 }) => {
    const forecast = estimate(vms, link(rate))
    expect(forecast.replicationSeconds).toEqual({ p50, p90 })
    expect(forecast.converges).toBe(p90 !== null)
  })

  test('says how much it rests on: the VM observed least', () => {
    expect(estimate([vm(1, [0, 0, 0]), vm(1, [0])], link(1)).observedIntervals).toBe(1)
  })

  test('a cutover needs more when the disk is larger, and P90 is never below P50', () => {
    const small = estimate([vm(100, [0])], link(10)).cutoverSeconds
    const large = estimate([vm(100_000, [0])], link(10)).cutoverSeconds
    expect(large.p50).toBeGreaterThan(small.p50)
    expect(small.p90).toBeGreaterThanOrEqual(small.p50)
    expect(neededCutoverSeconds(vm(100_000, [0]), link(10))).toBe(large.p90)
  })

  test.each([
    { p90: 86_400, days: 3, way: 'LINE' },
    { p90: 3 * 86_400 + 1, days: 3, way: 'SHIPPING' },
    { p90: null, days: 3, way: 'SHIPPING' },
  ])('next to a disk by lorry: $p90 s against $days days is $way', ({ p90, days, way }) => {
    expect(fasterWay(p90, days)).toBe(way)
  })
})

describe('an ETA', () => {
  test.each([
    { of: 'nothing left is done', left: 0, rates: [], said: { p50Seconds: 0, p90Seconds: 0 } },
    { of: 'two samples say nothing yet', left: 100, rates: [10, 10], said: null },
    { of: 'steady rates give one time', left: 100, rates: [10, 10, 10], said: { p50Seconds: 10, p90Seconds: 10 } },
    { of: 'a slow tenth widens the range', left: 100, rates: [1, 10, 10, 10, 10, 10, 10, 10, 10, 10], said: { p50Seconds: 10, p90Seconds: 100 } },
    { of: 'falling behind has no end', left: 100, rates: [-1, -1, -1], said: { p50Seconds: null, p90Seconds: null } },
  ])('$of', ({ left, rates, said }) => expect(eta(left, rates)).toEqual(said))
})

test('a quantile is the value at its nearest rank', () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2)
  expect(quantile([3, 1, 2], 0.9)).toBe(3)
  expect(quantile([3, 1, 2], 0)).toBe(1)
  expect(quantile([], 0.5)).toBeNull()
})

test('downtime is never negative: two sites’ clocks may differ', () => {
  expect(downtimeSeconds(1_000, 3_500)).toBe(2.5)
  expect(downtimeSeconds(3_500, 1_000)).toBe(0)
})
