import { quantile } from '../downtime.ts'
import type { EstimateLink, EstimateVm, Quantiles } from '../estimate.ts'

/** What a cutover spends its time on, in order. CHECKS: the guest's own, and the source's disks read whole once more. */
export const CUTOVER_PARTS = ['SHUTDOWN', 'LAST_BLOCKS', 'PROOF', 'START', 'CHECKS'] as const
export type CutoverPart = (typeof CUTOVER_PARTS)[number]

/** How long each part takes, in seconds, and all of them together. */
export type CutoverForecast = { readonly parts: Readonly<Record<CutoverPart, Quantiles>>; readonly total: Quantiles }

/** What earlier cutovers of a site took, in seconds, one value each. */
export type MeasuredCutovers = { readonly shutdownSeconds: readonly number[]; readonly startSeconds: readonly number[] }

/** Fewer say nothing about a 90th percentile. */
export const FEWEST_MEASURED = 10
/** Shutting a guest down in order, and booting it: measured on lab guests (1 to 2 s), with room for real ones. */
const SHUTDOWN_SECONDS: Quantiles = { p50: 2, p90: 30 }
const START_SECONDS: Quantiles = { p50: 3, p90: 30 }
/** Reading back and hashing a disk: BLAKE3 outruns the store, so the store's sequential read counts. */
const READ_BACK_BYTES_PER_SECOND: Quantiles = { p50: 1_000_000_000, p90: 250_000_000 }
/** What accumulates between two rounds of foreground sending, at the moment the guest stops. */
const BACKLOG_SECONDS: Quantiles = { p50: 1, p90: 5 }
/**
 * The second reading of the source's disks is waited for this long, well within VALIDATING's own limit: the VM runs at the
 * target meanwhile, and going back costs more than the little it adds. The evidence says whether it was finished.
 */
export const REREAD_SECONDS = 480

/**
 * The length of one VM's cutover from its measured churn and link, and from what cutovers of its site took before where there were
 * enough of them. Together the parts' P90 are more than the whole's: a window is planned by that, on purpose.
 */
export function forecastCutover(vm: EstimateVm, link: EstimateLink, measured: MeasuredCutovers | null = null): CutoverForecast {
  const at = (share: 'p50' | 'p90'): Record<CutoverPart, number> => {
    const rate = share === 'p50' ? link.p50BytesPerSecond : link.p90BytesPerSecond
    const churn = quantile(vm.churnRates, share === 'p50' ? 0.5 : 0.9) ?? 0
    const read = (bytes: number) => bytes / READ_BACK_BYTES_PER_SECOND[share]
    return {
      SHUTDOWN: measuredOr(measured?.shutdownSeconds, share, SHUTDOWN_SECONDS),
      LAST_BLOCKS: rate > 0 ? (churn * BACKLOG_SECONDS[share]) / rate : 0,
      // What both sides have read back and found equal while the guest ran is not read again.
      PROOF: read(vm.unprovenBytes ?? vm.sizeBytes),
      START: measuredOr(measured?.startSeconds, share, START_SECONDS),
      CHECKS: Math.min(REREAD_SECONDS, read(vm.sizeBytes)),
    }
  }
  const [p50, p90] = [at('p50'), at('p90')]
  const parts = { SHUTDOWN: both('SHUTDOWN'), LAST_BLOCKS: both('LAST_BLOCKS'), PROOF: both('PROOF'), START: both('START'), CHECKS: both('CHECKS') }
  return { parts, total: { p50: sum(p50), p90: sum(p90) } }

  function both(part: CutoverPart): Quantiles {
    return { p50: p50[part], p90: Math.max(p50[part], p90[part]) }
  }
}

/** Until the VM runs at the target: what the guest is away for. The checks come after it. */
export function downtimeForecast({ parts, total }: CutoverForecast): Quantiles {
  return { p50: total.p50 - parts.CHECKS.p50, p90: total.p90 - parts.CHECKS.p90 }
}

function measuredOr(values: readonly number[] | undefined, share: 'p50' | 'p90', assumed: Quantiles): number {
  const known = values !== undefined && values.length >= FEWEST_MEASURED ? quantile(values, share === 'p50' ? 0.5 : 0.9) : null
  return known ?? assumed[share]
}

function sum(parts: Readonly<Record<CutoverPart, number>>): number {
  return CUTOVER_PARTS.reduce((total, part) => total + parts[part], 0)
}
