import type { Quantiles } from '../estimate.ts'
import { CUTOVER_OVER } from '../states/cutover.ts'
import type { CutoverStatus } from '../states/cutover.ts'
import { ROLLBACK_RESERVE_SECONDS, rollbackReserveSeconds } from './deadline.ts'
import type { CutoverForecast, CutoverPart } from './forecast.ts'

/** The steps of an attempt that take time, in their order, and what each spends it on. */
export const STEP_PARTS = {
  SOURCE_QUIESCING: 'SHUTDOWN',
  FINAL_SYNC: 'LAST_BLOCKS',
  VERIFYING: 'PROOF',
  TARGET_BOOTING: 'START',
  VALIDATING: 'CHECKS',
} as const satisfies Partial<Record<CutoverStatus, CutoverPart>>
export const RUNBOOK_STEPS = ['SOURCE_QUIESCING', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING'] as const satisfies readonly (keyof typeof STEP_PARTS)[]
export type RunbookStepName = (typeof RUNBOOK_STEPS)[number]

/** One VM's forecast, and its latest attempt in this window; null: it has had none. */
export type RunbookVm = {
  readonly id: string
  readonly name: string
  readonly forecast: CutoverForecast
  /** At the earliest, in a SCHEDULED wave; null: as soon as it is its turn. */
  readonly notBeforeMs: number | null
  readonly dependsOnIds: readonly string[]
  readonly apartGroup: string | null
  readonly attempt: { readonly status: CutoverStatus; /** status → when it was reached; those that were not are left out. */ readonly reachedAtMs: Readonly<Partial<Record<CutoverStatus, number>>>; readonly endedAtMs: number | null; /** Its guest did not shut down and was powered off: when, and as whom had agreed. */ readonly poweredOff?: PoweredOff | null } | null
}
export type PoweredOff = { readonly atMs: number; readonly by: string }

export type RunbookStep = {
  readonly step: RunbookStepName
  readonly planned: Quantiles
  /** When it begins by the plan, or began. */
  readonly startsAtMs: number
  /** Seconds that it took; while it runs, so far; null: it has not begun. */
  readonly tookSeconds: number | null
  readonly state: 'AHEAD' | 'NOW' | 'DONE' | 'SKIPPED'
  /** The last moment in this step at which going back still fits: then the attempt goes back by itself. */
  readonly goesBackAtMs: number
}
export type RunbookEntry = {
  readonly id: string
  readonly name: string
  readonly state: 'AHEAD' | 'RUNNING' | 'DONE' | 'WENT_BACK'
  readonly startsAtMs: number
  /** Its end by the P50 and the P90 of what is left; when it has ended, both are that. */
  readonly endsAtMs: Quantiles
  readonly steps: readonly RunbookStep[]
  readonly poweredOff: PoweredOff | null
  /** No cutover of this VM starts after it: its P90 and going back from the last step fit until then. */
  readonly lastStartMs: number
  /** Whether it would start in time and end inside the window even if all before it take their P90. */
  readonly fits: boolean
}
export type Runbook = {
  readonly entries: readonly RunbookEntry[]
  /** The point of no return of a cutover that is in its last step: after it, there is no time left to go back. */
  readonly pointOfNoReturnMs: number
  /** Seconds until the window ends; negative: it is over. */
  readonly leftSeconds: number
}

/**
 * The plan of a wave's cutovers in one window, in the order given, at most `parallel` at once: what is over as it was, what runs from
 * where it stands, what is ahead from when a place gets free, after those it depends on and those it is kept apart from. Its times are forecasts; only `goesBackAtMs` and `lastStartMs` are kept to.
 */
export function runbook(window: { readonly startsAtMs: number; readonly lockoutAtMs: number; readonly endsAtMs: number }, vms: readonly RunbookVm[], parallel: number, nowMs: number): Runbook {
  const entries = new Map<string, RunbookEntry>()
  const running = vms.filter(({ attempt }) => attempt !== null && !CUTOVER_OVER.includes(attempt.status))
  for (const vm of vms) if (vm.attempt !== null) entries.set(vm.id, entryOfAttempt(vm, vm.attempt, window, nowMs))
  // When each place gets free, by the forecast's middle and by its P90.
  const begin = Math.max(nowMs, window.startsAtMs)
  const busy = running.slice(0, parallel).flatMap(({ id }) => entries.get(id)?.endsAtMs ?? [])
  const places: Quantiles[] = [...busy, ...Array.from({ length: Math.max(0, parallel - busy.length) }, () => ({ p50: begin, p90: begin }))]
  const ahead = vms.filter(({ attempt }) => attempt === null)
  while (ahead.length > 0) {
    const free = places.reduce((first, other) => (other.p50 < first.p50 ? other : first))
    const possible = ahead.map((vm) => ({ vm, from: earliest(vm, free, vms, entries) }))
    // As turns go: whoever may begin first, and of two the one before in the wave's order. A ring is refused when a plan is made.
    const [first] = possible.filter(({ vm }) => !ahead.some(({ id }) => vm.dependsOnIds.includes(id))).toSorted((a, b) => a.from.p50 - b.from.p50)
    const next = first ?? possible[0]
    if (next === undefined) break
    const entry = entryAhead(next.vm, next.from, window)
    entries.set(next.vm.id, entry)
    places[places.indexOf(free)] = entry.endsAtMs
    ahead.splice(ahead.indexOf(next.vm), 1)
  }
  return { entries: vms.flatMap(({ id }) => entries.get(id) ?? []), pointOfNoReturnMs: window.endsAtMs - rollbackReserveSeconds('VALIDATING') * 1000, leftSeconds: (window.endsAtMs - nowMs) / 1000 }
}

/** When a VM could begin: it has a place, its moment has come, and what it waits for is over, as far as that is planned already. */
function earliest(vm: RunbookVm, free: Quantiles, vms: readonly RunbookVm[], entries: ReadonlyMap<string, RunbookEntry>): Quantiles {
  const waitsFor = vms.filter(({ id, apartGroup }) => vm.dependsOnIds.includes(id) || (vm.apartGroup !== null && apartGroup === vm.apartGroup)).flatMap(({ id }) => entries.get(id)?.endsAtMs ?? [])
  const at = (share: 'p50' | 'p90') => Math.max(free[share], vm.notBeforeMs ?? 0, ...waitsFor.map((ends) => ends[share]))
  return { p50: at('p50'), p90: at('p90') }
}

type Bounds = { readonly lockoutAtMs: number; readonly endsAtMs: number }

/** From then on a cutover of this VM no longer starts. */
function lastStartOf({ forecast }: RunbookVm, { lockoutAtMs, endsAtMs }: Bounds): number {
  return Math.min(lockoutAtMs, endsAtMs - (forecast.total.p90 + ROLLBACK_RESERVE_SECONDS) * 1000)
}

function entryAhead(vm: RunbookVm, from: Quantiles, window: Bounds): RunbookEntry {
  const lastStartMs = lastStartOf(vm, window)
  const steps = stepsFrom(vm, from.p50, window, () => ({ tookSeconds: null, state: 'AHEAD' as const }))
  return { id: vm.id, name: vm.name, state: 'AHEAD', startsAtMs: from.p50, endsAtMs: { p50: from.p50 + vm.forecast.total.p50 * 1000, p90: from.p90 + vm.forecast.total.p90 * 1000 }, steps, poweredOff: null, lastStartMs, fits: from.p90 <= lastStartMs }
}

function entryOfAttempt(vm: RunbookVm, attempt: NonNullable<RunbookVm['attempt']>, window: Bounds, nowMs: number): RunbookEntry {
  const over = CUTOVER_OVER.includes(attempt.status)
  const endedAtMs = over ? (attempt.endedAtMs ?? nowMs) : nowMs
  const reached = (step: RunbookStepName): number | undefined => attempt.reachedAtMs[step]
  // SOURCE_OFF is no step of its own: the moment between two.
  const leftAt = (step: RunbookStepName): number | undefined => (step === 'SOURCE_QUIESCING' ? attempt.reachedAtMs.SOURCE_OFF : undefined) ?? RUNBOOK_STEPS.slice(RUNBOOK_STEPS.indexOf(step) + 1).map(reached).find((at) => at !== undefined)
  const startsAtMs = attempt.reachedAtMs.SOURCE_QUIESCING ?? attempt.reachedAtMs.PREFLIGHT ?? nowMs
  const steps = stepsFrom(vm, startsAtMs, window, (step) => {
    const at = reached(step)
    if (at === undefined) return { tookSeconds: null, state: over ? 'SKIPPED' : 'AHEAD' }
    const left = leftAt(step)
    return { startsAtMs: at, tookSeconds: Math.max(0, (left ?? endedAtMs) - at) / 1000, state: left === undefined && !over ? 'NOW' : 'DONE' }
  })
  const state = !over ? 'RUNNING' : attempt.status === 'COMMITTED' ? 'DONE' : 'WENT_BACK'
  const left = (share: 'p50' | 'p90') => steps.reduce((sum, { planned, tookSeconds, state: its }) => sum + (its === 'AHEAD' ? planned[share] : its === 'NOW' ? Math.max(0, planned[share] - (tookSeconds ?? 0)) : 0), 0)
  const endsAtMs = over ? { p50: endedAtMs, p90: endedAtMs } : { p50: nowMs + left('p50') * 1000, p90: nowMs + left('p90') * 1000 }
  return { id: vm.id, name: vm.name, state, startsAtMs, endsAtMs, steps, poweredOff: attempt.poweredOff ?? null, lastStartMs: lastStartOf(vm, window), fits: over || endsAtMs.p90 <= window.endsAtMs }
}

type StepFacts = { readonly startsAtMs?: number; readonly tookSeconds: number | null; readonly state: RunbookStep['state'] }

/** Steps one after another from `fromMs`; one that has begun at its own time, those after it from where it will end. */
function stepsFrom({ forecast }: RunbookVm, fromMs: number, { endsAtMs }: Bounds, factsOf: (step: RunbookStepName) => StepFacts): RunbookStep[] {
  let at = fromMs
  return RUNBOOK_STEPS.map((step) => {
    const planned = forecast.parts[STEP_PARTS[step]]
    const { startsAtMs = at, tookSeconds, state } = factsOf(step)
    at = startsAtMs + (state === 'NOW' ? Math.max(planned.p50, tookSeconds ?? 0) : state === 'DONE' ? (tookSeconds ?? 0) : planned.p50) * 1000
    return { step, planned, startsAtMs, tookSeconds, state, goesBackAtMs: endsAtMs - rollbackReserveSeconds(step) * 1000 }
  })
}
