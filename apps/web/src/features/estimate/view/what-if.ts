import type { CutoverWindow, WaveForecast, WaveInput } from '@driftless/domain'

/** What somebody changes on a trial; each null (or 0, or empty) where it stays as it is. */
export type WhatIf = {
  /** The line's rate, as a factor of the present one. */
  readonly linkFactor: number
  readonly capBytesPerSecond: number | null
  readonly throttleBytesPerSecond: number | null
  readonly startHours: number
  /** The wave's order, of all VMs; those in `without` take no part. */
  readonly order: readonly string[]
  readonly without: readonly string[]
  /** So many first copies at once; null: all of them. */
  readonly copiesAtOnce: number | null
  readonly window: CutoverWindow | null
}

const HOUR_MS = 3_600_000

/** Nothing is changed. */
export function unchanged({ vms, window }: Pick<WaveInput, 'vms' | 'window'>): WhatIf {
  return { linkFactor: 1, capBytesPerSecond: null, throttleBytesPerSecond: null, startHours: 0, order: vms.map(({ id }) => id), without: [], copiesAtOnce: null, window }
}

/** Whether anything differs from how it is. */
export function isChanged(input: WaveInput, whatIf: WhatIf): boolean {
  return JSON.stringify(whatIf) !== JSON.stringify(unchanged(input))
}

/** What is simulated instead. */
export function applied(input: WaveInput, whatIf: WhatIf): WaveInput {
  const place = new Map(whatIf.order.map((id, index) => [id, index]))
  const vms = input.vms.filter(({ id }) => !whatIf.without.includes(id)).toSorted((one, other) => (place.get(one.id) ?? place.size) - (place.get(other.id) ?? place.size))
  return {
    ...input, vms, link: withRate(input.link, whatIf.linkFactor), startAtMs: input.startAtMs + whatIf.startHours * HOUR_MS, window: whatIf.window,
    capBytesPerSecond: whatIf.capBytesPerSecond ?? input.capBytesPerSecond, throttleBytesPerSecond: whatIf.throttleBytesPerSecond ?? input.throttleBytesPerSecond,
    parallelCopies: Math.max(1, Math.min(vms.length, whatIf.copiesAtOnce ?? vms.length)),
  }
}

/** Another line that is used as the present one is: its limits are the same parts of it, so that a slower one never takes less time. */
function withRate({ limit, byHour, ...line }: WaveInput['link'], factor: number): WaveInput['link'] {
  const times = <T extends { readonly p50BytesPerSecond: number; readonly p90BytesPerSecond: number }>(rate: T): T => ({ ...rate, p50BytesPerSecond: rate.p50BytesPerSecond * factor, p90BytesPerSecond: rate.p90BytesPerSecond * factor })
  const limited = (rate: number | null) => (rate === null ? null : rate * factor)
  return {
    ...times(line), ...(byHour === undefined ? {} : { byHour: byHour.map(times) }),
    ...(limit === undefined ? {} : { limit: { siteBytesPerSecond: limited(limit.siteBytesPerSecond), schedule: { ...limit.schedule, rules: limit.schedule.rules.map((rule) => ({ ...rule, bytesPerSecond: limited(rule.bytesPerSecond) })) } } }),
  }
}

/** One place up or down, as far as there is one. */
export function moved(order: readonly string[], id: string, by: -1 | 1): string[] {
  const from = order.indexOf(id)
  const to = from + by
  const other = order[to]
  if (from < 0 || other === undefined) return [...order]
  return order.map((one, index) => (index === from ? other : index === to ? id : one))
}

/** How one figure changed: by so much, or from or to never. */
export type Difference = { readonly kind: 'SAME' | 'NOW_ENDS' | 'NEVER_NOW' } | { readonly kind: 'LESS' | 'MORE'; readonly by: number }

/** Less than this part of it is the noise of the runs. */
const NOISE = 0.005

export function differenceOf(before: number | null, after: number | null): Difference {
  if (before === null || after === null) return { kind: before === after ? 'SAME' : before === null ? 'NOW_ENDS' : 'NEVER_NOW' }
  const by = after - before
  return Math.abs(by) <= NOISE * Math.max(Math.abs(before), Math.abs(after)) ? { kind: 'SAME' } : { kind: by < 0 ? 'LESS' : 'MORE', by: Math.abs(by) }
}

/** How long still until enough is observed, seconds; 0: it is. */
export function missingSeconds({ enough, observed }: Pick<WaveForecast, 'enough' | 'observed'>, intervalSeconds: number): number {
  if (enough) return 0
  return Math.max(0, observed.neededSeconds - observed.seconds, (observed.neededIntervals - observed.intervals) * intervalSeconds)
}
