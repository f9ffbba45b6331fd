import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { planWays, waysByLine } from './planner.ts'
import type { PlannerInput, PlannerVm } from './planner.ts'

const GB = 1_000_000_000
const DAY = 86_400
const vm = (more: Partial<PlannerVm> = {}): PlannerVm => ({ id: 'a', usedBytes: 1_000 * GB, sizeBytes: 2_000 * GB, churnBytesPerSecond: 0, ...more })
const line = (bytesPerSecond: number) => ({ p50BytesPerSecond: bytesPerSecond, p90BytesPerSecond: bytesPerSecond })
const input = (vms: readonly PlannerVm[], more: Partial<PlannerInput> = {}): PlannerInput => ({ vms, line: line(0.01 * GB), shippingDays: 3, exportBytesPerSecond: GB, importBytesPerSecond: GB, deviceBytes: null, ...more })
const FAST = line(0.05 * GB)
const SLOW = line(0.001 * GB)

describe('wire or lorry', () => {
  it('takes the wire where it is faster, or where a device gains too little', () => {
    // 100,000 s by wire against three days; then 3.1 days against 3.02.
    expect(planWays(input([vm()]))).toMatchObject({ recommendation: 'WIRE', wireSeconds: { p50: 100_000 }, vms: [{ way: 'WIRE', reason: 'FASTER_BY_WIRE' }], storedBytes: 0 })
    expect(planWays(input([vm()], { line: line((1_000 * GB) / (3.1 * DAY)) }))).toMatchObject({ recommendation: 'WIRE', vms: [{ reason: 'NOT_WORTH_A_DEVICE' }] })
  })
  it('takes the lorry on a slow line: the days, writing and reading', () => {
    expect(planWays(input([vm()], { line: SLOW }))).toMatchObject({ recommendation: 'DISK', diskSeconds: { p50: 3 * DAY + 2_000 }, plannedSeconds: { p50: 3 * DAY + 2_000 }, vms: [{ way: 'DISK', reason: 'SLOWER_BY_WIRE', catchUpBytes: 0 }], storedBytes: 1_000 * GB })
  })
  it('catches up what the curve says, not what the mean says', () => {
    const busy = vm({ churnBytesPerSecond: 100_000, workingSet: [{ spanSeconds: 3_600, uniqueBytes: 0.3 * GB }, { spanSeconds: DAY, uniqueBytes: 2 * GB }] })
    const [planned] = planWays(input([busy], { line: SLOW })).vms
    const exponent = Math.log(2 / 0.3) / Math.log(24)
    expect(planned?.catchUpBytes).toBeCloseTo(2 * GB * ((3 * DAY + 2_000) / DAY) ** exponent, -3)
    expect(planned?.catchUpBytes).toBeLessThan(100_000 * (3 * DAY + 2_000))
  })
  it('mixes: what hardly changes by disk, what is written all over by wire', () => {
    const still = vm({ id: 'still', usedBytes: 2_000 * GB })
    const busy = vm({ id: 'busy', usedBytes: 100 * GB, sizeBytes: 200 * GB, churnBytesPerSecond: 400_000 })
    const plan = planWays(input([still, busy], { line: line(0.002 * GB) }))
    expect(plan.recommendation).toBe('MIXED')
    expect(plan.vms).toMatchObject([{ id: 'still', way: 'DISK', reason: 'SLOWER_BY_WIRE' }, { id: 'busy', way: 'WIRE', reason: 'REWRITTEN_MEANWHILE' }])
  })
  it('sends one by disk that would be faster by wire, where all together are not', () => {
    const vms = Array.from({ length: 10 }, (_, index) => vm({ id: `${index}` }))
    const plan = planWays(input(vms))
    expect(plan.recommendation).toBe('MIXED')
    expect(new Set(plan.vms.map(({ reason }) => reason))).toEqual(new Set(['FREES_THE_LINE', 'FASTER_BY_WIRE']))
    expect(plan.plannedSeconds.p50).toBeLessThan(Math.min(plan.wireSeconds.p50 ?? 0, (plan.diskSeconds.p50 ?? 0) + 1))
  })
  it('fills no device beyond what it holds', () => {
    const plan = planWays(input([vm(), vm({ id: 'b' })], { line: SLOW, deviceBytes: 1_000 * GB }))
    expect(plan.storedBytes).toBeLessThanOrEqual(1_000 * GB)
    expect(plan.vms.map(({ reason }) => reason)).toContain('DEVICES_FULL')
  })
  it('says where neither ever ends, and does without VMs', () => {
    expect(planWays(input([vm({ churnBytesPerSecond: GB })], { line: SLOW }))).toMatchObject({ recommendation: 'WIRE', wireSeconds: { p50: null, p90: null }, diskSeconds: { p50: null }, vms: [{ reason: 'OUTRUNS_LINE' }] })
    expect(planWays(input([]))).toMatchObject({ recommendation: 'WIRE', wireSeconds: { p50: 0 }, plannedSeconds: { p50: 0 }, breakEvenBytesPerSecond: null })
  })
  it('knows the line at which both take as long', () => {
    const busy = input([vm({ churnBytesPerSecond: 200_000 })])
    const even = planWays(busy).breakEvenBytesPerSecond ?? Number.NaN
    const [at, below, above] = waysByLine(busy, [even, 0.8 * even, 1.2 * even])
    expect((at?.wireSeconds ?? 0) / (at?.diskSeconds ?? 1)).toBeCloseTo(1, 6)
    expect(below?.wireSeconds).toBeGreaterThan(below?.diskSeconds ?? Number.NaN)
    expect(above?.wireSeconds).toBeLessThan(above?.diskSeconds ?? Number.NaN)
  })
})

test('what is recommended is never slower than either, by more than devices are worth', () => {
  const vms = fc.array(fc.record({ usedBytes: fc.integer({ min: 0, max: 3_000 * GB }), churn: fc.integer({ min: 0, max: 200_000 }) }), { maxLength: 12 })
  fc.assert(fc.property(vms, fc.integer({ min: 100_000, max: 50_000_000 }), fc.integer({ min: 1, max: 14 }), (some, rate, shippingDays) => {
    const plan = planWays(input(some.map(({ usedBytes, churn }, index) => vm({ id: `${index}`, usedBytes, sizeBytes: usedBytes, churnBytesPerSecond: churn })), { line: line(rate), shippingDays }))
    const { wireSeconds: { p50: wire }, diskSeconds: { p50: disk }, plannedSeconds: { p50: planned } } = plan
    if (planned === null) expect([wire, disk]).toEqual([null, null])
    else {
      expect(planned).toBeLessThanOrEqual(wire ?? Number.NaN)
      // Devices that gain less than a tenth are left at home.
      expect(0.9 * planned).toBeLessThanOrEqual((disk ?? Number.NaN) + 1e-6)
    }
  }))
})

test('a faster line makes nothing slower', () => {
  const both = planWays(input([vm({ churnBytesPerSecond: 100_000 })], { line: FAST }))
  const slow = planWays(input([vm({ churnBytesPerSecond: 100_000 })], { line: SLOW }))
  expect(both.plannedSeconds.p50 ?? Number.NaN).toBeLessThan(slow.plannedSeconds.p50 ?? Number.NaN)
})
