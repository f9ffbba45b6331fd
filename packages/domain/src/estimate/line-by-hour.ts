import { Temporal } from 'temporal-polyfill'
import { quantile } from '../downtime.ts'

/** What a line gave at an hour of the day (0 to 23): bytes per second reached half the time, and in 90 % of cases. `looks`: how often it was looked at. */
export type LineHour = { readonly hour: number; readonly p50BytesPerSecond: number; readonly p90BytesPerSecond: number; readonly looks: number }

/** Fewer looks at an hour are chance. */
const FEWEST_LOOKS = 3

/** The line by the hours of a zone's clock, in order; hours that were looked at fewer than three times are absent. */
export function lineByHour(samples: readonly { readonly atMs: number; readonly bytesPerSecond: number }[], zone: string): LineHour[] {
  const hours = Map.groupBy(samples, ({ atMs }) => Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(zone).hour)
  return [...hours].filter(([, looks]) => looks.length >= FEWEST_LOOKS).map(([hour, looks]) => {
    const rates = looks.map(({ bytesPerSecond }) => bytesPerSecond)
    return { hour, p50BytesPerSecond: quantile(rates, 0.5) ?? 0, p90BytesPerSecond: quantile(rates, 0.1) ?? 0, looks: looks.length }
  }).toSorted((one, other) => one.hour - other.hour)
}
