import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { ROLLBACK_RESERVE_SECONDS } from './deadline.ts'
import type { CutoverForecast } from './forecast.ts'
import { RUNBOOK_STEPS, runbook } from './runbook.ts'
import type { RunbookVm } from './runbook.ts'

const WINDOW = { startsAtMs: 1_000_000, lockoutAtMs: 4_000_000, endsAtMs: 4_600_000 }
const part = (p50: number, p90: number) => ({ p50, p90 })
const FORECAST: CutoverForecast = {
  parts: { SHUTDOWN: part(10, 60), LAST_BLOCKS: part(5, 20), PROOF: part(15, 30), START: part(20, 60), CHECKS: part(50, 130) },
  total: part(100, 300),
}
const vm = (id: string, more: Partial<RunbookVm> = {}): RunbookVm => ({ id, name: id, forecast: FORECAST, notBeforeMs: null, dependsOnIds: [], apartGroup: null, attempt: null, ...more })
const at = (seconds: number) => WINDOW.startsAtMs + seconds * 1000
const entry = (vms: readonly RunbookVm[], id: string, parallel = 1, nowMs = WINDOW.startsAtMs) => runbook(WINDOW, vms, parallel, nowMs).entries.find((one) => one.id === id)

describe('ahead', () => {
  it('begins with the window, and takes its steps one after another', () => {
    const first = entry([vm('a')], 'a', 1, 0)
    expect(first).toMatchObject({ state: 'AHEAD', startsAtMs: at(0), endsAtMs: { p50: at(100), p90: at(300) }, fits: true })
    expect(first?.steps.map(({ step, startsAtMs, state }) => [step, startsAtMs, state])).toEqual([
      ['SOURCE_QUIESCING', at(0), 'AHEAD'], ['FINAL_SYNC', at(10), 'AHEAD'], ['VERIFYING', at(15), 'AHEAD'], ['TARGET_BOOTING', at(30), 'AHEAD'], ['VALIDATING', at(50), 'AHEAD'],
    ])
  })
  it('one at a time, each waits for the one before', () => expect(entry([vm('a'), vm('b')], 'b')).toMatchObject({ startsAtMs: at(100), endsAtMs: { p50: at(200), p90: at(600) } }))
  it('two at once, the third waits for a place', () => expect(entry([vm('a'), vm('b'), vm('c')], 'c', 2)).toMatchObject({ startsAtMs: at(100) }))
  it('never together with one that it is kept apart from, though there is a place; others take it meanwhile', () => {
    const vms = [vm('a', { apartGroup: 'domain' }), vm('b', { apartGroup: 'domain' }), vm('c')]
    expect(entry(vms, 'b', 3)).toMatchObject({ startsAtMs: at(100), endsAtMs: { p50: at(200), p90: at(600) } })
    expect(entry(vms, 'c', 3)).toMatchObject({ startsAtMs: at(0) })
    expect(entry(vms, 'c', 2)).toMatchObject({ startsAtMs: at(0) })
  })
  it('after those that it depends on, wherever they stand in the order', () => {
    const vms = [vm('web', { dependsOnIds: ['db'] }), vm('db'), vm('other')]
    expect(entry(vms, 'web', 2)).toMatchObject({ startsAtMs: at(100) })
    expect(entry(vms, 'web', 1)?.startsAtMs).toBe(at(100))
    expect(entry(vms, 'other', 1)?.startsAtMs).toBe(at(200))
  })
  it('does not say that VMs fit side by side which may only go one after another', () => {
    const vms = Array.from({ length: 15 }, (_, index) => vm(`vm${index}`, { apartGroup: 'domain' }))
    expect(runbook(WINDOW, vms, 15, WINDOW.startsAtMs).entries.map(({ fits }) => fits)).toEqual(vms.map((_, index) => index <= 10))
  })
  it('waits for its own moment', () => expect(entry([vm('a', { notBeforeMs: at(900) })], 'a')).toMatchObject({ startsAtMs: at(900) }))
  it('no longer starts once its P90 and going back do not fit, or after the lockout', () => {
    expect(entry([vm('a')], 'a')?.lastStartMs).toBe(Math.min(WINDOW.lockoutAtMs, WINDOW.endsAtMs - (300 + ROLLBACK_RESERVE_SECONDS) * 1000))
    const long = { ...FORECAST, total: part(1_000, 3_000) }
    expect(entry([vm('a', { forecast: long })], 'a')?.lastStartMs).toBe(WINDOW.endsAtMs - (3_000 + ROLLBACK_RESERVE_SECONDS) * 1000)
  })
  it('says which VMs do not fit any more, by the P90 of those before', () => {
    const vms = Array.from({ length: 15 }, (_, index) => vm(`vm${index}`))
    const fits = runbook(WINDOW, vms, 1, WINDOW.startsAtMs).entries.map((one) => one.fits)
    // The lockout is 3,000 s after the start: ten of 300 s, and one that starts with the lockout.
    expect(fits).toEqual(vms.map((_, index) => index <= 10))
  })
})

describe('under way and over', () => {
  const running = vm('a', { attempt: { status: 'VERIFYING', reachedAtMs: { PREFLIGHT: at(1), GO_NO_GO: at(2), SOURCE_QUIESCING: at(3), SOURCE_OFF: at(33), FINAL_SYNC: at(34), VERIFYING: at(40) }, endedAtMs: null } })
  it('shows what steps took, how long this one has, and what is left from now', () => {
    const found = entry([running, vm('b')], 'a', 1, at(45))
    expect(found).toMatchObject({ state: 'RUNNING', startsAtMs: at(3), endsAtMs: { p50: at(45 + 10 + 20 + 50), p90: at(45 + 25 + 60 + 130) } })
    expect(found?.steps.map(({ state, tookSeconds }) => [state, tookSeconds])).toEqual([['DONE', 30], ['DONE', 6], ['NOW', 5], ['AHEAD', null], ['AHEAD', null]])
    expect(found?.steps[3]?.startsAtMs).toBe(at(55))
  })
  it('the next waits for its end', () => expect(entry([running, vm('b')], 'b', 1, at(45))?.startsAtMs).toBe(at(125)))
  it('what went back holds nobody up, and says which steps were not reached', () => {
    const back = vm('a', { attempt: { status: 'ROLLED_BACK', reachedAtMs: { SOURCE_QUIESCING: at(3), SOURCE_OFF: at(33), FINAL_SYNC: at(34) }, endedAtMs: at(50) } })
    const found = entry([back, vm('b')], 'a', 1, at(60))
    expect(found).toMatchObject({ state: 'WENT_BACK', endsAtMs: { p50: at(50), p90: at(50) } })
    expect(found?.steps.map(({ state, tookSeconds }) => [state, tookSeconds])).toEqual([['DONE', 30], ['DONE', 16], ['SKIPPED', null], ['SKIPPED', null], ['SKIPPED', null]])
    expect(entry([back, vm('b')], 'b', 1, at(60))?.startsAtMs).toBe(at(60))
  })
})

test('never more than the wave takes at once, and going back always fits at the last moment that is named', () => {
  const forecasts = fc.tuple(fc.nat(500), fc.nat(500)).map(([p50, more]): CutoverForecast => ({ parts: { SHUTDOWN: part(0, 0), LAST_BLOCKS: part(0, 0), PROOF: part(0, 0), START: part(0, 0), CHECKS: part(p50, p50 + more) }, total: part(p50, p50 + more) }))
  fc.assert(fc.property(fc.array(forecasts, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 4 }), fc.nat(5_000_000), (all, parallel, nowMs) => {
    // Every second one depends on the one after it, every third is kept apart.
    const vms = all.map((forecast, index) => vm(`vm${index}`, { forecast, dependsOnIds: index % 2 === 0 ? [`vm${index + 1}`] : [], apartGroup: index % 3 === 0 ? 'apart' : null }))
    const book = runbook(WINDOW, vms, parallel, nowMs)
    const byId = new Map(book.entries.map((one) => [one.id, one]))
    for (const { id, dependsOnIds } of vms) for (const other of dependsOnIds) expect(byId.get(id)?.startsAtMs).toBeGreaterThanOrEqual(byId.get(other)?.endsAtMs.p50 ?? 0)
    expect(book.entries.map(({ id }) => id)).toEqual(vms.map(({ id }) => id))
    for (const { startsAtMs, endsAtMs } of book.entries) {
      const together = book.entries.filter((other) => other.startsAtMs <= startsAtMs && other.endsAtMs.p50 > startsAtMs).length
      expect(together).toBeLessThanOrEqual(parallel)
      expect(endsAtMs.p50).toBeLessThanOrEqual(endsAtMs.p90)
    }
    for (const { steps } of book.entries) {
      expect(steps.map(({ step }) => step)).toEqual(RUNBOOK_STEPS)
      for (const { goesBackAtMs } of steps) expect(goesBackAtMs).toBeGreaterThanOrEqual(book.pointOfNoReturnMs)
    }
  }))
})
