/**
 * `npm run bench estimate`: how right estimates are, on the recorded weeks of real VMs. A day is observed, the move of all that is in use is
 * estimated for links of four speeds, and compared with how long it takes when the trace itself goes on. Beside it: size ÷ bandwidth, and the
 * mean churn in a closed form. What it was tuned on are every other of the VMs; the rest is reported by itself.
 */
import { join } from 'node:path'
import { Refusal } from '@driftless/launch/setup/failure.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { casesOf, PATTERNS } from './estimate/cases.ts'
import type { Case } from './estimate/cases.ts'
import { meanChurn, ours, sizeByBandwidth } from './estimate/methods.ts'
import { score } from './estimate/score.ts'
import { readTraces } from './estimate/traces.ts'
import { bench } from './support/bench.ts'

/** Lies beside the checkout where the project is worked on; nothing but this measurement wants it. */
const DEFAULT_TRACES = join(ROOT, '..', 'shared', 'data', 'cloudphysics', 'vm-half-hours.csv.gz')
const LIMITS = { medianError: 0.01, p90Error: 0.07, p90HeldFrom: 0.88, p90HeldTo: 0.92, endCalledRight: 0.95 }

await bench('estimate', async ({ report, options, wants, say }) => {
  const traces = await readTraces(options['traces'] ?? DEFAULT_TRACES)
  const cases = casesOf(traces)
  if (cases.length === 0) throw new Refusal('No trace is long enough: a day to observe, and an hour after it.')
  const names = [...new Set(traces.map(({ vm }) => vm))].toSorted()
  const tunedOn = new Set(names.filter((_, index) => index % 2 === 0))
  say(`${traces.length} VMs, ${cases.length} moves, of which ${cases.filter(({ actualSeconds }) => actualSeconds === null).length} do not end before their trace does`)
  const sets: readonly (readonly [string, readonly Case[]])[] = [
    ['all', cases],
    ['first day observed', cases.filter(({ fromHours }) => fromHours === 0)],
    ['tuned on', cases.filter(({ vm }) => tunedOn.has(vm))],
    ['the other VMs', cases.filter(({ vm }) => !tunedOn.has(vm))],
    ...PATTERNS.map((pattern) => [pattern, cases.filter((move) => move.pattern === pattern)] as const),
  ]
  for (const [name, some] of sets) {
    if (some.length === 0 || !wants(name)) continue
    const [own, envelope, mean] = [score(some, ours), score(some, sizeByBandwidth), score(some, meanChurn)]
    const about = `${own.cases} moves, ${own.ended} ended`
    const less = (row: string, figure: number, theirs: number, limit: number, against: string) => report.add({ row: `${name}: ${row}`, ours: figure * 100, theirs: theirs * 100, ratio: limit / figure, goal: 1, unit: '%', against })
    less('median error', own.medianError, envelope.medianError, LIMITS.medianError, `size ÷ bandwidth; mean churn ${percent(mean.medianError)}; ${about}`)
    less('P90 error', own.p90Error, envelope.p90Error, LIMITS.p90Error, `size ÷ bandwidth; mean churn ${percent(mean.p90Error)}`)
    report.add({ row: `${name}: P90 held`, ours: own.p90Held * 100, theirs: mean.p90Held * 100, ratio: Math.min(own.p90Held / LIMITS.p90HeldFrom, LIMITS.p90HeldTo / own.p90Held), goal: 1, unit: '%', against: 'mean churn; wanted: 88 to 92 %' })
    report.add({ row: `${name}: whether it ends`, ours: own.endCalledRight * 100, theirs: mean.endCalledRight * 100, ratio: own.endCalledRight / LIMITS.endCalledRight, goal: 1, unit: '%', against: 'mean churn; wanted: 95 % and more' })
  }
}, ['traces'])

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
