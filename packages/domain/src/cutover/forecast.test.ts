import { describe, expect, it } from 'vitest'
import { mustTurnBack, rollbackReserveSeconds } from './deadline.ts'
import { CUTOVER_PARTS, downtimeForecast, FEWEST_MEASURED, forecastCutover, REREAD_SECONDS } from './forecast.ts'
import { CUTOVER_STATUSES } from '../states/cutover.ts'

const GB = 1_000_000_000
const vm = { usedBytes: 10 * GB, sizeBytes: 20 * GB, churnRates: [1_000_000] }
const link = { p50BytesPerSecond: 10_000_000, p90BytesPerSecond: 5_000_000 }

describe('the forecast of a cutover', () => {
  it('is the sum of its parts, and P90 is never below P50', () => {
    const { parts, total } = forecastCutover(vm, link)
    for (const share of ['p50', 'p90'] as const) expect(total[share]).toBeCloseTo(CUTOVER_PARTS.reduce((sum, part) => sum + parts[part][share], 0))
    for (const part of CUTOVER_PARTS) expect(parts[part].p90).toBeGreaterThanOrEqual(parts[part].p50)
    expect(parts).toMatchObject({ LAST_BLOCKS: { p50: 0.1, p90: 1 }, PROOF: { p50: 20, p90: 80 }, CHECKS: { p50: 20, p90: 80 } })
  })
  it('needs no proof of what was proven while the guest ran', () => {
    expect(forecastCutover({ ...vm, unprovenBytes: 0 }, link).parts.PROOF).toEqual({ p50: 0, p90: 0 })
  })
  it('does not count as downtime what is checked while the VM runs at the target', () => {
    const forecast = forecastCutover(vm, link)
    expect(downtimeForecast(forecast)).toEqual({ p50: forecast.total.p50 - 20, p90: forecast.total.p90 - 80 })
  })
  it('waits for the second reading only as long as it is waited for', () => {
    expect(forecastCutover({ ...vm, sizeBytes: 10_000 * GB }, link).parts.CHECKS).toEqual({ p50: REREAD_SECONDS, p90: REREAD_SECONDS })
  })
  it('rests on what guests of the site took before, once that is known of enough of them', () => {
    const slow = (count: number) => ({ shutdownSeconds: Array.from({ length: count }, (_, index) => 100 + index), startSeconds: [] })
    expect(forecastCutover(vm, link, slow(FEWEST_MEASURED)).parts.SHUTDOWN).toEqual({ p50: 104, p90: 108 })
    expect(forecastCutover(vm, link, slow(FEWEST_MEASURED - 1)).parts.SHUTDOWN).toEqual(forecastCutover(vm, link).parts.SHUTDOWN)
  })
})

describe('the deadlines of a window', () => {
  it('turn an attempt back while going back fits, in whatever step', () => {
    for (const status of CUTOVER_STATUSES) {
      const reserve = rollbackReserveSeconds(status)
      expect(mustTurnBack(status, reserve)).toBe(true)
      expect(mustTurnBack(status, reserve + 0.001)).toBe(false)
    }
  })
  it('leave more room once a shadow VM may run, and need none while nothing is stopped', () => {
    expect(rollbackReserveSeconds('GO_NO_GO')).toBe(0)
    expect(rollbackReserveSeconds('VALIDATING')).toBeGreaterThan(rollbackReserveSeconds('SOURCE_OFF'))
  })
})
