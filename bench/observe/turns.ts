import { median } from '../support/numbers.ts'

/** What one round found: observed, not observed, and once more not observed, which tells how much two measurements of the same differ. */
export interface Turns {
  readonly observed: number
  readonly alone: number
  readonly control: number
}
const SIDES = ['observed', 'alone', 'control'] as const

/** Lets the three take turns, each time another first, at most until `deadlineMs` by `performance.now`; at least twice. */
export async function inTurns(rounds: number, sides: Readonly<Record<keyof Turns, () => Promise<number>>>, deadlineMs = Number.POSITIVE_INFINITY): Promise<Turns[]> {
  const results: Turns[] = []
  for (let round = 0; round < rounds && (round < 2 || performance.now() < deadlineMs); round += 1) {
    const found = { observed: 0, alone: 0, control: 0 }
    for (let place = 0; place < SIDES.length; place += 1) {
      const side = SIDES[(round + place) % SIDES.length] ?? 'alone'
      found[side] = await sides[side]()
    }
    results.push(found)
  }
  return results
}

/** By how much the median of these may err: two standard errors of a median of normal values, their spread taken from the middle half. */
export function errorOfMedian(values: readonly number[]): number {
  const middle = median(values)
  const spread = 1.4826 * median(values.map((value) => Math.abs(value - middle)))
  return (2 * 1.2533 * spread) / Math.sqrt(values.length)
}
