import type { CutoverStatus } from '../states/cutover.ts'

/** An agent hears of its new desired state and acts on it: a long poll's answer, and a look at its hypervisor. */
const HEARD_SECONDS = 15
/** Stopping a guest that was asked to shut down a moment ago costs nothing more; starting it again is a boot, at its P90. */
const START_SOURCE_SECONDS = 30
/** The shadow VM is stopped and removed, and that is looked at. */
const REMOVE_SHADOW_SECONDS = 30

/**
 * What going back takes at most from a step of an attempt, in seconds: until the source runs again. Nothing before the source is asked
 * to shut down; a boot once it was; and, when a shadow VM may run, its removal first, as source and target are never both on.
 */
export function rollbackReserveSeconds(status: CutoverStatus): number {
  switch (status) {
    case 'PREFLIGHT':
    case 'GO_NO_GO':
    case 'COMMITTED':
    case 'ROLLED_BACK':
      return 0
    case 'SOURCE_QUIESCING':
    case 'SOURCE_OFF':
    case 'FINAL_SYNC':
    case 'VERIFYING':
      return HEARD_SECONDS + START_SOURCE_SECONDS
    case 'TARGET_BOOTING':
    case 'VALIDATING':
      return HEARD_SECONDS + REMOVE_SHADOW_SECONDS + HEARD_SECONDS + START_SOURCE_SECONDS
  }
}

/** The reserve of a whole cutover: going back from its last step. Every start leaves room for it. */
export const ROLLBACK_RESERVE_SECONDS = rollbackReserveSeconds('VALIDATING')

/** Whether an attempt in this status, with so much left of its window, has to go back now. Negative: the window is over. */
export function mustTurnBack(status: CutoverStatus, windowLeftSeconds: number): boolean {
  return windowLeftSeconds <= rollbackReserveSeconds(status)
}
