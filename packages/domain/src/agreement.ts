/** How VMs of a wave begin their cutover inside its window: each when asked for, one after another, or each at its moment. */
export const CUTOVER_MODES = ['MANUAL', 'AUTOMATIC', 'SCHEDULED'] as const
export type CutoverMode = (typeof CUTOVER_MODES)[number]

/**
 * What becomes of a guest that does not shut down in its time. ABORT: the attempt goes back at once. WAIT: it waits for as long as
 * going back still fits. POWER_OFF: it is switched off, which the approver's go must say.
 */
export const SHUTDOWN_REFUSALS = ['ABORT', 'WAIT', 'POWER_OFF'] as const
export type ShutdownRefusal = (typeof SHUTDOWN_REFUSALS)[number]

/** What happens when a validation period ends and nobody has decided. */
export const VALIDATION_DEFAULTS = ['ACCEPT', 'ROLL_BACK'] as const
export type ValidationDefault = (typeof VALIDATION_DEFAULTS)[number]

/** A fortnight: a source that stays off for longer is not validated but forgotten. */
export const LONGEST_VALIDATION_MINUTES = 14 * 24 * 60
/** More at once than one team can watch. */
export const MOST_PARALLEL_CUTOVERS = 20
