import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { AGENT_AWAY_SECONDS } from '../migration-view.ts'
import type { MigrationView, SourceView, TargetView } from '../migration-view.ts'
import { CAUGHT_UP_BYTES, nextStep } from '../next-step.ts'
import { SHIPMENT_CARRIED, SHIPMENT_STATUSES } from '../states/shipment.ts'
import { momentIn, preflight } from './preflight.ts'
import type { PreflightHints } from './preflight.ts'

const SOURCE: SourceView = {
  silentSeconds: 1, hypervisorProblem: null, attempt: 0, connected: true, backgroundLeftBytes: 0, foregroundLeftBytes: 0, comparing: false, reported: true, guestOn: true,
  stage: 'REPLICATE', off: false, finalSynced: false, hashes: null, reread: null, acknowledgedSequence: 0, problem: null, test: null,
}
const TARGET: TargetView = { silentSeconds: 1, hypervisorProblem: null, attempt: 0, stage: 'RECEIVE', freeBytes: null, hashes: null, shadow: null, problem: null, test: null }
const READY: MigrationView = {
  status: 'READY_FOR_CUTOVER', resumeStatus: null, paused: false, automatic: true, diskKeys: ['disk0'], neededBytes: 5_000, diverges: false, source: SOURCE, target: TARGET,
  booking: { status: 'IN_PROGRESS', window: 'OPEN' }, passedWindow: false, goNoGo: 'GO', order: 'FITS', attempt: null, test: null, turn: { kind: 'BEGIN' }, limits: { shutdownSeconds: 120, refusal: 'ABORT' },
}
const NO_HINTS: PreflightHints = {
  churnMeasured: true, guestTimesMeasured: true, lineMeasured: true, sizeBytes: 1_000, unprovenBytes: 0, test: 'HEALTHY', wentBack: null, refusal: 'ABORT', validationDefault: 'ACCEPT', keepWayBack: false, slowed: false, moment: null,
}

const problems = fc.constantFrom(null, { code: 'INSUFFICIENT_SPACE', message: 'full' }, { code: 'DISK_READ_FAILED', message: 'unreadable' }, { code: 'LINK_DOWN', message: 'no route' })
const silence = fc.constantFrom(null, 1, AGENT_AWAY_SECONDS + 1)
const views: fc.Arbitrary<MigrationView> = fc.record({
  source: fc.record({ silentSeconds: silence, hypervisorProblem: fc.constantFrom(null, 'refuses the password'), connected: fc.boolean(), reported: fc.boolean(), backgroundLeftBytes: fc.constantFrom(0, 1), foregroundLeftBytes: fc.constantFrom(0, CAUGHT_UP_BYTES + 1), problem: problems }),
  target: fc.record({ silentSeconds: silence, hypervisorProblem: fc.constantFrom(null, 'away'), problem: problems }),
  paused: fc.boolean(), diverges: fc.boolean(), goNoGo: fc.constantFrom('GO' as const, 'NO_GO' as const, null),
  order: fc.constantFrom('FITS' as const, 'MISSING' as const, 'PLAN_CHANGED' as const, 'VOID' as const, 'NOT_YET' as const, 'LAPSED' as const),
  shipment: fc.option(fc.record({ status: fc.constantFrom(...SHIPMENT_STATUSES), late: fc.boolean(), exportProblem: fc.constant(null), importProblem: fc.constantFrom(null, 'wrong device') })),
  booking: fc.option(fc.record({ status: fc.constantFrom('REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS'), window: fc.constantFrom('OPEN' as const, 'NOT_YET' as const, 'LOCKED_OUT' as const, 'DOES_NOT_FIT' as const, 'OVER' as const) })),
}).map(({ source, target, ...rest }) => ({ ...READY, ...rest, source: { ...SOURCE, ...source }, target: { ...TARGET, ...target } }))

/** Half the generated views have little wrong with them, so that both answers occur. */
const mostlyWell = fc.tuple(views, fc.uint8Array({ minLength: 8, maxLength: 8 })).map(([view, dice]) => {
  const keep = (index: number) => (dice[index] ?? 0) > 200
  return { ...view, source: keep(0) ? view.source : SOURCE, target: keep(1) ? view.target : TARGET, paused: keep(2) && view.paused, diverges: keep(3) && view.diverges, shipment: keep(7) ? (view.shipment ?? null) : null, goNoGo: keep(4) ? view.goNoGo : READY.goNoGo, order: keep(5) ? view.order : READY.order, booking: keep(6) ? view.booking : READY.booking }
})

/** Whether an attempt of this VM would get as far as stopping its source, with the world standing still. */
function wouldStop(view: MigrationView): boolean {
  if (nextStep(view).kind !== 'BEGIN_ATTEMPT') return false
  const at = (status: 'PREFLIGHT' | 'GO_NO_GO') => nextStep({ ...view, status: 'CUTTING_OVER', attempt: { number: 1, status, shadowGone: true, sourceReturned: false, secondsInStatus: 1, windowLeftSeconds: 3_600 } })
  const [first, second] = [at('PREFLIGHT'), at('GO_NO_GO')]
  return first.kind === 'ADVANCE_ATTEMPT' && second.kind === 'ADVANCE_ATTEMPT' && second.to === 'SOURCE_QUIESCING'
}

test('the source is stopped where the preflight finds nothing in its way, and nowhere else', () => {
  const seen = { stops: 0, held: 0 }
  fc.assert(fc.property(fc.oneof(views, mostlyWell), (view) => {
    const held = preflight(view, NO_HINTS).filter(({ level }) => level !== 'WARNING')
    const stops = wouldStop(view)
    seen[stops ? 'stops' : 'held'] += 1
    expect({ stops, held }).toEqual(stops ? { stops, held: [] } : { stops, held: expect.arrayContaining([expect.anything()]) })
  }), { numRuns: 3_000 })
  expect(seen.stops).toBeGreaterThan(100)
  expect(seen.held).toBeGreaterThan(100)
})

it.each([[999, 'BEFORE'], [1_000, 'FITS'], [40_000, 'FITS'], [40_001, 'TOO_LATE'], [50_000, 'TOO_LATE'], [100_000, 'TOO_LATE']] as const)('a moment at %i lies %s in a window from 1,000 to 100,000 that locks out at 50,000, for a cutover of a minute', (momentMs, wanted) => {
  expect(momentIn({ startsAtMs: 1_000, lockoutAtMs: 50_000, endsAtMs: 100_000 }, momentMs, 60)).toBe(wanted)
})

describe('what is only worth knowing', () => {
  const codes = (hints: Partial<PreflightHints>) => preflight(READY, { ...NO_HINTS, ...hints }).map(({ code, level }) => `${level} ${code}`)
  it.each<[string, Partial<PreflightHints>, string[]]>([
    ['nothing', {}, []],
    ['never tested', { test: null }, ['WARNING NEVER_TESTED']],
    ['a target that boots no tests', { test: 'UNAVAILABLE' }, []],
    ['broken in its test', { test: 'BROKEN' }, ['WARNING TEST_BROKEN']],
    ['went back the last time', { wentBack: 'The guest refused.' }, ['WARNING WENT_BACK_BEFORE']],
    ['taken back by default, without what it wrote', { validationDefault: 'ROLL_BACK' }, ['WARNING RETURN_LOSES_WRITES']],
    ['taken back by default, with it', { validationDefault: 'ROLL_BACK', keepWayBack: true }, []],
    ['a guest that is waited for', { refusal: 'WAIT' }, ['WARNING WAITS_FOR_GUEST']],
    ['a guest that is switched off', { refusal: 'POWER_OFF' }, ['WARNING POWERS_GUEST_OFF']],
    ['a tenth unproven', { unprovenBytes: 100 }, []],
    ['more than that', { unprovenBytes: 101 }, ['WARNING MUCH_UNPROVEN']],
    ['a moment inside the window', { moment: 'FITS' }, []],
    ['a moment before the window', { moment: 'BEFORE' }, ['WARNING MOMENT_BEFORE_WINDOW']],
    ['a moment at which nothing starts any more', { moment: 'TOO_LATE' }, ['BLOCKING MOMENT_TOO_LATE']],
    ['nothing measured', { churnMeasured: false, lineMeasured: false, guestTimesMeasured: false }, ['WARNING CHURN_UNMEASURED', 'WARNING LINE_ASSUMED', 'WARNING GUEST_TIMES_ASSUMED']],
  ])('%s', (_name, hints, wanted) => expect(codes(hints)).toEqual(wanted))

  it('comes after what blocks', () => {
    const levels = preflight({ ...READY, booking: null, source: { ...SOURCE, backgroundLeftBytes: 1 } }, { ...NO_HINTS, test: null }).map(({ level }) => level)
    expect(levels).toEqual(['BLOCKING', 'PENDING', 'WARNING'])
  })
})

test('a VM that travels is said to travel, not to have lost its link', () => {
  const away = { ...READY, source: { ...SOURCE, connected: false, backgroundLeftBytes: 5_000, foregroundLeftBytes: CAUGHT_UP_BYTES + 1 } }
  for (const status of SHIPMENT_STATUSES) {
    const codes = preflight({ ...away, shipment: { status, late: false, exportProblem: null, importProblem: null } }, NO_HINTS).map(({ code }) => code)
    expect(codes).toEqual(SHIPMENT_CARRIED.some((one) => one === status) ? ['TRAVELS_BY_DEVICE'] : ['LINK_DOWN', 'NOT_COPIED'])
  }
})
