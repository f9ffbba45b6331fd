import type { ShutdownRefusal, ValidationDefault } from '../agreement.ts'
import { isAway } from '../migration-view.ts'
import type { MigrationView, SourceView, TargetView } from '../migration-view.ts'
import { CAUGHT_UP_BYTES } from '../next-step.ts'
import { windowAt } from '../service-window.ts'
import type { ServiceWindow } from '../service-window.ts'
import { isCarried } from '../states/shipment.ts'

/**
 * What stands between a VM and its cutover. Each has its remedy in the portal's messages. BLOCKING: no source is stopped before somebody
 * has mended it. PENDING: it comes by itself, or by a word that is still to be said. WARNING: it may begin, and somebody should know.
 */
export const PREFLIGHT_LEVELS = {
  SOURCE_AGENT_AWAY: 'BLOCKING',
  TARGET_AGENT_AWAY: 'BLOCKING',
  SOURCE_HYPERVISOR_PROBLEM: 'BLOCKING',
  TARGET_HYPERVISOR_PROBLEM: 'BLOCKING',
  INSUFFICIENT_SPACE: 'BLOCKING',
  DISK_UNREADABLE: 'BLOCKING',
  PAUSED: 'BLOCKING',
  NOT_CONVERGING: 'BLOCKING',
  LINK_DOWN: 'BLOCKING',
  TRAVELS_BY_DEVICE: 'PENDING',
  NOT_COPIED: 'PENDING',
  NOT_CAUGHT_UP: 'PENDING',
  NO_WINDOW: 'BLOCKING',
  WINDOW_NOT_APPROVED: 'PENDING',
  WINDOW_NOT_OPEN: 'PENDING',
  WINDOW_TOO_SHORT: 'BLOCKING',
  LOCKED_OUT: 'BLOCKING',
  MOMENT_TOO_LATE: 'BLOCKING',
  WINDOW_OVER: 'BLOCKING',
  NO_GO: 'BLOCKING',
  GO_MISSING: 'PENDING',
  ORDER_MISSING: 'BLOCKING',
  ORDER_OF_OTHER_PLAN: 'BLOCKING',
  ORDER_VOID: 'BLOCKING',
  ORDER_NOT_YET: 'PENDING',
  ORDER_LAPSED: 'BLOCKING',
  CHURN_UNMEASURED: 'WARNING',
  GUEST_TIMES_ASSUMED: 'WARNING',
  LINE_ASSUMED: 'WARNING',
  MUCH_UNPROVEN: 'WARNING',
  NEVER_TESTED: 'WARNING',
  TEST_BROKEN: 'WARNING',
  WENT_BACK_BEFORE: 'WARNING',
  RETURN_LOSES_WRITES: 'WARNING',
  WAITS_FOR_GUEST: 'WARNING',
  POWERS_GUEST_OFF: 'WARNING',
  GUEST_SLOWED: 'WARNING',
  MOMENT_BEFORE_WINDOW: 'WARNING',
} as const satisfies Record<string, 'BLOCKING' | 'PENDING' | 'WARNING'>
export type PreflightCode = keyof typeof PREFLIGHT_LEVELS
export type PreflightLevel = (typeof PREFLIGHT_LEVELS)[PreflightCode]
/** `detail`: what an agent or the approvals said about it, in words; null: the code says all. */
export type PreflightFinding = { readonly code: PreflightCode; readonly level: PreflightLevel; readonly detail: string | null }

/** What decides whether a source may be stopped: the very facts that `nextStep` looks at. */
export type PreflightFacts = Pick<MigrationView, 'paused' | 'diverges' | 'shipment' | 'booking' | 'goNoGo' | 'goNoGoDetail' | 'order'> & {
  readonly source: Pick<SourceView, 'silentSeconds' | 'hypervisorProblem' | 'connected' | 'reported' | 'backgroundLeftBytes' | 'foregroundLeftBytes' | 'problem'>
  readonly target: Pick<TargetView, 'silentSeconds' | 'hypervisorProblem' | 'problem'>
}

/** What is only worth knowing, and what the VM's turn will wait for. */
export type PreflightHints = {
  readonly churnMeasured: boolean
  readonly guestTimesMeasured: boolean
  readonly lineMeasured: boolean
  readonly sizeBytes: number
  readonly unprovenBytes: number
  /** What the latest test boot found; null: there was none. UNAVAILABLE: the target offers none. */
  readonly test: 'HEALTHY' | 'BROKEN' | 'UNAVAILABLE' | null
  /** What the latest attempt that went back said; null: none did. */
  readonly wentBack: string | null
  readonly refusal: ShutdownRefusal
  readonly validationDefault: ValidationDefault
  readonly keepWayBack: boolean
  readonly slowed: boolean
  /** Where the VM's own moment lies in the booked window; null: it has none, or none is booked. */
  readonly moment: MomentInWindow | null
}

/** FITS: its cutover may begin then and ends in time. */
export type MomentInWindow = 'BEFORE' | 'FITS' | 'TOO_LATE'

/** Where a VM's own moment lies in a window that was booked, perhaps since; its cutover takes `neededSeconds`, P90 and reserve. */
export function momentIn(window: ServiceWindow, momentMs: number, neededSeconds: number): MomentInWindow {
  const answer = windowAt(window, momentMs, neededSeconds)
  return answer === 'NOT_YET' ? 'BEFORE' : answer === 'OPEN' ? 'FITS' : 'TOO_LATE'
}

/** More than this share of the disks to be read while the guest is off is worth waiting for. */
const MUCH_UNPROVEN = 0.1

/**
 * Everything that is known to stand between a VM and its cutover now, what must be mended first. Without any finding that is BLOCKING or
 * PENDING `nextStep` stops the source as soon as it is the VM's turn; a property test holds the two against one another.
 */
export function preflight(facts: PreflightFacts, hints: PreflightHints): PreflightFinding[] {
  const found = [...findAgents(facts), ...findDisks(facts), ...findWindow(facts), ...findWords(facts), ...findHints(hints)]
  const order = ['BLOCKING', 'PENDING', 'WARNING'] as const
  return found.map(({ code, detail }) => ({ code, level: PREFLIGHT_LEVELS[code], detail })).toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
}

type Found = { readonly code: PreflightCode; readonly detail: string | null }
const finding = (condition: boolean, code: PreflightCode, detail: string | null = null): Found[] => (condition ? [{ code, detail }] : [])

function findAgents({ source, target, paused }: PreflightFacts): Found[] {
  return [
    ...finding(isAway(source), 'SOURCE_AGENT_AWAY'),
    ...finding(isAway(target), 'TARGET_AGENT_AWAY'),
    ...finding(!isAway(source) && source.hypervisorProblem !== null, 'SOURCE_HYPERVISOR_PROBLEM', source.hypervisorProblem),
    // What is said of the provider's hypervisor is for the provider.
    ...finding(!isAway(target) && target.hypervisorProblem !== null, 'TARGET_HYPERVISOR_PROBLEM'),
    ...finding(paused, 'PAUSED'),
  ]
}

function findDisks({ source, target, diverges, shipment }: PreflightFacts): Found[] {
  const space = [target.problem, source.problem].find((problem) => problem?.code === 'INSUFFICIENT_SPACE') ?? null
  const unreadable = source.problem?.code === 'DISK_READ_FAILED' ? source.problem : null
  const copying = !source.reported || source.backgroundLeftBytes > 0
  const behind = source.foregroundLeftBytes > CAUGHT_UP_BYTES
  // Nothing of it goes over the wire: that nothing is connected, or copied there, is as it should be.
  if (shipment != null && isCarried(shipment.status)) return [...finding(space !== null, 'INSUFFICIENT_SPACE', space?.message ?? null), ...finding(true, 'TRAVELS_BY_DEVICE', shipment.exportProblem ?? shipment.importProblem)]
  return [
    ...finding(space !== null, 'INSUFFICIENT_SPACE', space?.message ?? null),
    ...finding(unreadable !== null, 'DISK_UNREADABLE', unreadable?.message ?? null),
    ...finding(diverges && source.connected, 'NOT_CONVERGING'),
    ...finding(!source.connected && !isAway(source), 'LINK_DOWN', source.problem?.message ?? null),
    ...finding(copying, 'NOT_COPIED'),
    // Away, it cannot be asked; that is said already.
    ...finding(!copying && (behind || (!source.connected && isAway(source))), 'NOT_CAUGHT_UP'),
  ]
}

function findWindow({ booking }: PreflightFacts): Found[] {
  if (booking === null) return finding(true, 'NO_WINDOW')
  if (booking.status === 'REQUESTED' || booking.status === 'COUNTER_OFFERED') return finding(true, 'WINDOW_NOT_APPROVED')
  switch (booking.window) {
    case 'NOT_YET':
      return finding(true, 'WINDOW_NOT_OPEN')
    case 'OVER':
      return finding(true, 'WINDOW_OVER')
    case 'LOCKED_OUT':
      return finding(true, 'LOCKED_OUT')
    case 'DOES_NOT_FIT':
      return finding(true, 'WINDOW_TOO_SHORT')
    case 'OPEN':
      return finding(booking.status !== 'IN_PROGRESS', 'WINDOW_NOT_OPEN')
  }
}

const ORDER_CODES = { MISSING: 'ORDER_MISSING', PLAN_CHANGED: 'ORDER_OF_OTHER_PLAN', VOID: 'ORDER_VOID', NOT_YET: 'ORDER_NOT_YET', LAPSED: 'ORDER_LAPSED' } as const

function findWords({ booking, goNoGo, goNoGoDetail, order }: PreflightFacts): Found[] {
  if (goNoGo === 'NO_GO') return finding(true, 'NO_GO')
  if (goNoGo === null) return finding(booking !== null, 'GO_MISSING', goNoGoDetail ?? null)
  // An order begins and locks out with its window at the widest: what the window says of the time is not said twice.
  const said = (order === 'NOT_YET' && booking?.window === 'NOT_YET') || (order === 'LAPSED' && (booking?.window === 'LOCKED_OUT' || booking?.window === 'OVER'))
  return order === 'FITS' || said ? [] : finding(true, ORDER_CODES[order])
}

function findHints(hints: PreflightHints): Found[] {
  return [
    ...finding(hints.test === 'BROKEN', 'TEST_BROKEN'),
    ...finding(hints.test === null, 'NEVER_TESTED'),
    ...finding(hints.wentBack !== null, 'WENT_BACK_BEFORE', hints.wentBack),
    ...finding(hints.validationDefault === 'ROLL_BACK' && !hints.keepWayBack, 'RETURN_LOSES_WRITES'),
    ...finding(hints.refusal === 'WAIT', 'WAITS_FOR_GUEST'),
    ...finding(hints.refusal === 'POWER_OFF', 'POWERS_GUEST_OFF'),
    ...finding(hints.slowed, 'GUEST_SLOWED'),
    ...finding(hints.moment === 'TOO_LATE', 'MOMENT_TOO_LATE'),
    ...finding(hints.moment === 'BEFORE', 'MOMENT_BEFORE_WINDOW'),
    ...finding(hints.unprovenBytes > hints.sizeBytes * MUCH_UNPROVEN, 'MUCH_UNPROVEN'),
    ...finding(!hints.churnMeasured, 'CHURN_UNMEASURED'),
    ...finding(!hints.lineMeasured, 'LINE_ASSUMED'),
    ...finding(!hints.guestTimesMeasured, 'GUEST_TIMES_ASSUMED'),
  ]
}
