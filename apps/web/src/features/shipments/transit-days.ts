import { TRANSIT_DAYS } from '@driftless/domain'

/** A carrier's days as somebody typed them; the usual ones while that is no whole number within the bounds. */
export function transitDaysOf(typed: string): { readonly days: number; readonly wrong: boolean } {
  const days = Number(typed)
  const wrong = !Number.isInteger(days) || days < TRANSIT_DAYS.least || days > TRANSIT_DAYS.most
  return { days: wrong ? TRANSIT_DAYS.usual : days, wrong }
}
