/** Ends are whole seconds, and clocks of gateways differ a little. */
const TOLERANCE_MS = 60_000

/**
 * Whether an agent is to renew its certificate at `now`: two thirds of its life are over, or it was made for longer than
 * certificates live now. Decided by the gateway, whose clock is also the one that will refuse it: an agent's may be wrong by days.
 */
export function isRenewalDue({ from, to }: { readonly from: Date; readonly to: Date }, now: Date, lifeMs: number): boolean {
  const leftMs = to.getTime() - now.getTime()
  return leftMs * 3 <= to.getTime() - from.getTime() || leftMs > lifeMs + TOLERANCE_MS
}
