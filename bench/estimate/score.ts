import type { Case } from './cases.ts'
import type { Method } from './methods.ts'

/** How right a method was over many moves. Shares of 1; errors are |said − took| ÷ took of moves that ended. */
export type Score = { readonly cases: number; readonly ended: number; readonly medianError: number; readonly p90Error: number; readonly p90Held: number; readonly endCalledRight: number }

/** A move that ended and was said never to counts as an error of the whole. */
const SAID_NEVER = 1

export function score(cases: readonly Case[], method: Method): Score {
  const said = cases.map((move) => ({ move, said: method(move) }))
  const ended = said.flatMap(({ move: { actualSeconds }, said: { p50 } }) => (actualSeconds === null ? [] : [p50 === null ? SAID_NEVER : Math.abs(p50 - actualSeconds) / actualSeconds]))
  const share = (holds: (one: (typeof said)[number]) => boolean) => said.filter(holds).length / said.length
  return {
    cases: cases.length, ended: ended.length, medianError: at(ended, 0.5), p90Error: at(ended, 0.9),
    // A P90 of "never" holds whatever happens; one that names a time does not when the move never ended.
    p90Held: share(({ move, said: { p90 } }) => p90 === null || (move.actualSeconds !== null && move.actualSeconds <= p90)),
    endCalledRight: share(({ move, said: { p50 } }) => (move.actualSeconds === null) === (p50 === null)),
  }
}

/** Linear between the two ranks beside it. */
function at(values: readonly number[], share: number): number {
  const ordered = values.toSorted((one, other) => one - other)
  const rank = (ordered.length - 1) * share
  const [below = Number.NaN, above = below] = [ordered[Math.floor(rank)], ordered[Math.ceil(rank)]]
  return below + (above - below) * (rank - Math.floor(rank))
}
