/** The spans of a working-set curve, in minutes: of each it says how many unique bytes were written in the latest such span. */
export const WORKING_SET_MINUTES = [1, 5, 15, 60, 360, 1440] as const
export type WorkingSetMinutes = (typeof WORKING_SET_MINUTES)[number]

/**
 * How what a VM writes is seen, best first. FILTER: our tap sees every write. CHANGED_BLOCKS: the hypervisor is asked what changed from
 * one moment to the next, so a block written twice in between counts once. COUNTERS: only counters, no blocks: how many bytes, never which.
 */
export const OBSERVATION_SOURCES = ['FILTER', 'CHANGED_BLOCKS', 'COUNTERS'] as const
export type ObservationSource = (typeof OBSERVATION_SOURCES)[number]
