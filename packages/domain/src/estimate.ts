/** What is known of one VM when its cutover is forecast. Rates in bytes per second. */
export type EstimateVm = {
  readonly usedBytes: number
  readonly sizeBytes: number
  /** Of those, what the two sides have not yet read back and found equal; left out: nothing was. */
  readonly unprovenBytes?: number
  /** Unique bytes changed per second, one value for each observed interval, oldest first. */
  readonly churnRates: readonly number[]
}

/** What the link gives: the rate reached half the time, and the one reached in 90 % of cases. */
export type EstimateLink = { readonly p50BytesPerSecond: number; readonly p90BytesPerSecond: number }

export type Quantiles = { readonly p50: number; readonly p90: number }
