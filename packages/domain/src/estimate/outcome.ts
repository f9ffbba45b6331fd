/** What an estimate says of a VM's move and what is measured when it ends: seconds, bytes, seconds, milliseconds. */
export const OUTCOME_QUANTITIES = ['TIME_TO_IDENTICAL', 'WIRE_BYTES', 'CUTOVER', 'ADDED_LATENCY'] as const
export type OutcomeQuantity = (typeof OUTCOME_QUANTITIES)[number]

/** What people or troubles did to a move, for which no estimate answers. */
export const DISTURBANCES = ['PAUSED', 'LIMIT_CHANGED', 'BLOCKED', 'AWAY', 'POWERED_OFF', 'BY_DEVICE'] as const
export type Disturbance = (typeof DISTURBANCES)[number]

/** What the audit log says of a move, its wave or its site while it ran. */
export type MoveEntry = { readonly action: string; readonly after: string | null }

/** How a first copy went. `heardSeconds`: for so long of its `seconds` its agent was heard. */
export type CopyCourse = { readonly entries: readonly MoveEntry[]; readonly pausedAtStart: boolean; readonly byDevice: boolean; readonly heardSeconds: number; readonly seconds: number }

const LIMITS: readonly string[] = ['wave.rate', 'wave.throttle', 'wave.latency-limit', 'migration.rate', 'migration.throttle', 'site.limit', 'site.schedule']
/** A source agent of which less was heard was away, or restarted more than a restart takes. */
const HEARD_SHARE = 0.8
/** In a shorter move one missed report is already more than that share. */
const SHORTEST_JUDGED_SECONDS = 60

/**
 * Why a first copy does not count in the error of its site's estimates; empty: it counts. It does not where it was paused, or its limits were
 * changed after it had been estimated, or it was blocked, or it travelled by device, or its agent was not heard for a fifth of the time.
 */
export function copyDisturbances({ entries, pausedAtStart, byDevice, heardSeconds, seconds }: CopyCourse): Disturbance[] {
  const said = (hit: (entry: MoveEntry) => boolean, name: Disturbance) => (entries.some(hit) ? [name] : [])
  return [
    ...(pausedAtStart ? (['PAUSED'] as const) : said(({ action }) => action === 'wave.pause' || action === 'wave.resume', 'PAUSED')),
    ...said(({ action }) => LIMITS.includes(action), 'LIMIT_CHANGED'),
    ...said(({ action, after }) => action === 'migration.status' && after === 'BLOCKED', 'BLOCKED'),
    ...(byDevice ? (['BY_DEVICE'] as const) : []),
    ...(seconds >= SHORTEST_JUDGED_SECONDS && heardSeconds < HEARD_SHARE * seconds ? (['AWAY'] as const) : []),
  ]
}

/** Why a cutover does not count: its guest did not shut down and was powered off, after a time that people had agreed on. */
export function cutoverDisturbances(attempt: { readonly poweredOffAt: Date | null }): Disturbance[] {
  return attempt.poweredOffAt === null ? [] : ['POWERED_OFF']
}
