/** The share of `index` in [0, 1): the same for the same numbers, and unlike that of the next. A hash, no state: draws do not depend on who drew before. */
export function uniform(seed: number, run: number, index: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(run + 1, 0xc2b2ae35) ^ Math.imul(index + 1, 0x27d4eb2f)
  // The finalizer of MurmurHash3 (Appleby, 2008), twice: neighbouring runs and blocks must not resemble one another.
  for (let round = 0; round < 2; round += 1) {
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return (hash >>> 0) / 4_294_967_296
}

/**
 * `count` points of a run of dimension `dimension`, spread evenly over [0, 1) and shifted by the seed (Kronecker sequence of the plastic
 * number; Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018): few runs give steady quantiles.
 */
export function spread(seed: number, dimension: number, run: number): number {
  return (uniform(seed, -1, dimension) + (run + 1) / PLASTIC ** (dimension + 1)) % 1
}
const PLASTIC = 1.324717957244746

/** The value that a standard normal variable stays below with this probability (0 to 1, both excluded), within 0.00045 (Abramowitz and Stegun 26.2.23). */
export function normalQuantile(probability: number): number {
  const tail = Math.min(probability, 1 - probability)
  const t = Math.sqrt(-2 * Math.log(Math.max(tail, Number.MIN_VALUE)))
  const value = t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
  return probability < 0.5 ? -value : value
}

/** How many standard deviations above the median the 90th percentile of a normal variable is. */
export const Z_OF_P90 = 1.2816
