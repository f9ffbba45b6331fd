/** Four steps for each doubling, down to about a thousandth. */
const STEPS = 40
const STEPS_A_DOUBLING = 4

/** Rates to choose from on a slider, slowest first, up to `from`; rounded as people would type them. Bytes per second. */
export function rateSteps(from: number): number[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => rounded(from * 2 ** ((step - STEPS) / STEPS_A_DOUBLING)))
}

/** To two digits. */
function rounded(rate: number): number {
  if (!(rate > 0)) return 1
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1)
  return Math.max(1, Math.round(rate / unit) * unit)
}
