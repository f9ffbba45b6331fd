import { quantile } from './downtime.ts'

/** What is known of one VM when it is estimated. Rates in bytes per second. */
export type EstimateVm = {
  readonly usedBytes: number
  readonly sizeBytes: number
  /** Unique bytes changed per second, one value for each observed interval. */
  readonly churnRates: readonly number[]
}

/** What the link gives: the rate reached half the time, and the one reached in 90 % of cases. */
export type EstimateLink = { readonly p50BytesPerSecond: number; readonly p90BytesPerSecond: number }

export type Quantiles = { readonly p50: number; readonly p90: number }
export type Estimate = {
  readonly usedBytes: number
  /** Of all VMs together. */
  readonly churnBytesPerSecond: Quantiles
  /** Initial sync until caught up, seconds; null where the churn outruns the link. */
  readonly replicationSeconds: { readonly p50: number | null; readonly p90: number | null }
  /** Of the VM with the longest cutover. */
  readonly cutoverSeconds: Quantiles
  readonly observedIntervals: number
  /** The churn that the link no longer keeps up with. */
  readonly converges: boolean
}

/** Shutting a guest down in order and booting it: measured on lab guests (1 to 2 s), with room for real ones. */
const POWER_SECONDS: Quantiles = { p50: 5, p90: 60 }
/** Reading back and hashing a disk: BLAKE3 outruns the store, so the store's sequential read counts. */
const READ_BACK_BYTES_PER_SECOND: Quantiles = { p50: 1_000_000_000, p90: 250_000_000 }
/** What accumulates between two rounds of foreground sending, at the moment the guest stops. */
const BACKLOG_SECONDS: Quantiles = { p50: 1, p90: 5 }

/**
 * A forecast by the fluid model of pre-copy migration (Clark et al., "Live Migration of Virtual
 * Machines", NSDI 2005): a copy of `U` bytes over a link of rate `R` while `D` bytes a second are
 * dirtied again takes U / (R − D), and never ends when D ≥ R. P50 takes the medians, P90 the
 * churn not exceeded and the rate reached in 90 % of the intervals.
 */
export function estimate(vms: readonly EstimateVm[], link: EstimateLink): Estimate {
  const usedBytes = sum(vms.map((vm) => vm.usedBytes))
  const churn = {
    p50: sum(vms.map((vm) => quantile(vm.churnRates, 0.5) ?? 0)),
    p90: sum(vms.map((vm) => quantile(vm.churnRates, 0.9) ?? 0)),
  }
  const copy = (rate: number, dirtied: number) => (rate > dirtied ? usedBytes / (rate - dirtied) : null)
  const replicationSeconds = { p50: copy(link.p50BytesPerSecond, churn.p50), p90: copy(link.p90BytesPerSecond, churn.p90) }
  return {
    usedBytes,
    churnBytesPerSecond: churn,
    replicationSeconds,
    cutoverSeconds: {
      p50: Math.max(0, ...vms.map((vm) => cutover(vm, link.p50BytesPerSecond, 'p50'))),
      p90: Math.max(0, ...vms.map((vm) => cutover(vm, link.p90BytesPerSecond, 'p90'))),
    },
    observedIntervals: Math.min(...vms.map((vm) => vm.churnRates.length), Number.MAX_SAFE_INTEGER),
    converges: replicationSeconds.p90 !== null,
  }
}

function cutover(vm: EstimateVm, rate: number, at: 'p50' | 'p90'): number {
  const churn = quantile(vm.churnRates, at === 'p50' ? 0.5 : 0.9) ?? 0
  const lastBlocks = rate > 0 ? (churn * BACKLOG_SECONDS[at]) / rate : 0
  return POWER_SECONDS[at] + lastBlocks + vm.sizeBytes / READ_BACK_BYTES_PER_SECOND[at]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** What a cutover of this VM is allowed to need of its window, in seconds: its P90. */
export function neededCutoverSeconds(vm: EstimateVm, link: EstimateLink): number {
  return cutover(vm, link.p90BytesPerSecond, 'p90')
}

/** Whether the line or the lorry is there first, by P90; a copy that never converges loses. */
export function fasterWay(replicationP90Seconds: number | null, shippingDays: number): 'LINE' | 'SHIPPING' {
  return replicationP90Seconds !== null && replicationP90Seconds <= shippingDays * 86_400 ? 'LINE' : 'SHIPPING'
}
