import { ROLLBACK_RESERVE_SECONDS } from '../cutover/deadline.ts'
import type { CutoverWindow } from './wave-input.ts'

/** The cutovers of a wave in one run. Seconds since the wave's start; `needed`: what a window must still have for one to be begun. */
export type RunCutovers = { readonly identicalAt: Float64Array; readonly lengths: Float64Array; readonly needed: Float64Array; readonly parallel: number }

/** Whether every cutover of a run begins before the lockout, where the portal lets it begin, and ends within the window. */
export function fitsWindow({ fromMs, toMs, lockoutMs = toMs }: CutoverWindow, startAtMs: number, { identicalAt, lengths, needed, parallel }: RunCutovers): boolean {
  const [from, to, lockout] = [(fromMs - startAtMs) / 1000, (toMs - startAtMs) / 1000, (lockoutMs - startAtMs) / 1000]
  const free = new Float64Array(Math.max(1, parallel)).fill(from)
  if (identicalAt.some((at) => at >= lockout)) return false
  for (const index of byReadiness(identicalAt, from)) {
    const slot = earliest(free)
    const begins = Math.max(free[slot] ?? 0, identicalAt[index] ?? 0)
    const ends = begins + (lengths[index] ?? 0)
    if (begins >= lockout || begins + (needed[index] ?? 0) + ROLLBACK_RESERVE_SECONDS > to || ends > to) return false
    free[slot] = ends
  }
  return true
}

/** From the first cutover's start to the last one's end, when all are ready: seconds. */
export function allCutoversSeconds(lengths: Float64Array, parallel: number): number {
  const free = new Float64Array(Math.max(1, parallel))
  for (const length of lengths) {
    const slot = earliest(free)
    free[slot] = (free[slot] ?? 0) + length
  }
  return free.reduce((most, at) => Math.max(most, at), 0)
}

/** In the wave's order; whoever is not identical when the window opens lets the others go first. */
function byReadiness(identicalAt: Float64Array, from: number): number[] {
  const order = Array.from(identicalAt, (_, index) => index)
  return identicalAt.every((at) => at <= from) ? order : order.toSorted((one, other) => Math.max(from, identicalAt[one] ?? 0) - Math.max(from, identicalAt[other] ?? 0) || one - other)
}

function earliest(free: Float64Array): number {
  let slot = 0
  for (let index = 1; index < free.length; index += 1) if ((free[index] ?? 0) < (free[slot] ?? 0)) slot = index
  return slot
}
