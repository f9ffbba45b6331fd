import { forecastWave } from '@driftless/domain'
import type { Case } from './cases.ts'
import { HALF_HOUR_SECONDS } from './traces.ts'

/** What a method says before the move, seconds; null: it never ends. Without a range both are the same. */
export type Said = { readonly p50: number | null; readonly p90: number | null }
export type Method = (move: Case) => Said

const DAY_MS = 86_400_000

/** Ours: what the portal's estimates are made with, for a wave of this VM. As in the truth it is held against, all that is dirtied is sent again. */
export const ours: Method = ({ usedBytes, observed, bytesPerSecond, horizonSeconds }) =>
  forecastWave({
    vms: [{ id: 'vm', usedBytes, sizeBytes: usedBytes, intervalSeconds: HALF_HOUR_SECONDS, dirtiedBytes: observed, firstIntervalAtMs: 0 }], startAtMs: DAY_MS, timeZone: 'UTC',
    link: { p50BytesPerSecond: bytesPerSecond, p90BytesPerSecond: bytesPerSecond }, capBytesPerSecond: null, throttleBytesPerSecond: null, othersWantBytesPerSecond: [],
    parallelCopies: 1, parallelCutovers: 1, window: null, windows: [], measured: null, correction: null,
  }, { horizonSeconds, sweepTakesLaterWrites: false }).identicalSeconds

/** What people do on the back of an envelope. */
export const sizeByBandwidth: Method = ({ usedBytes, bytesPerSecond }) => ({ p50: usedBytes / bytesPerSecond, p90: usedBytes / bytesPerSecond })

/** The closed form of the fluid model, with the mean of what was observed. */
export const meanChurn: Method = ({ usedBytes, observed, bytesPerSecond, horizonSeconds }) => {
  const churn = observed.reduce((sum, value) => sum + value, 0) / observed.length / HALF_HOUR_SECONDS
  const seconds = usedBytes / (bytesPerSecond - churn)
  const said = churn < bytesPerSecond && seconds <= horizonSeconds ? seconds : null
  return { p50: said, p90: said }
}
