import type { TransitionTable } from './transition-table.ts'

/**
 * The life of one test boot: the target prepares (STARTING), the source marks a moment (MARKING), the test VM boots from it
 * (BOOTING) and its own check decides (HEALTHY, BROKEN); then it is removed (ENDING) until nothing of it is left (ENDED).
 */
export const TEST_BOOT_STATUSES = ['STARTING', 'MARKING', 'BOOTING', 'HEALTHY', 'BROKEN', 'ENDING', 'ENDED'] as const
export type TestBootStatus = (typeof TEST_BOOT_STATUSES)[number]

export const TEST_BOOT_TRANSITIONS: TransitionTable<TestBootStatus> = {
  STARTING: ['MARKING', 'ENDING', 'ENDED'],
  MARKING: ['BOOTING', 'ENDING', 'ENDED'],
  BOOTING: ['HEALTHY', 'BROKEN', 'ENDING', 'ENDED'],
  HEALTHY: ['BROKEN', 'ENDING', 'ENDED'],
  BROKEN: ['HEALTHY', 'ENDING', 'ENDED'],
  ENDING: ['ENDED'],
  ENDED: [],
}

/** On its way to its result. */
export const TEST_BOOT_UNDER_WAY: readonly TestBootStatus[] = ['STARTING', 'MARKING', 'BOOTING']
/** The test VM runs; somebody may look at it. */
export const TEST_BOOT_RUNNING: readonly TestBootStatus[] = ['HEALTHY', 'BROKEN']
/** Together with the two lists above, every status exactly once. */
export const TEST_BOOT_OVER: readonly TestBootStatus[] = ['ENDING', 'ENDED']

/** Why a test ended. FAILED: it never came to a result, or what it stood on was lost; the detail says which. */
export const TEST_END_REASONS = ['DISCARDED', 'EXPIRED', 'WINDOW_OPENED', 'FAILED', 'CANCELLED'] as const
export type TestEndReason = (typeof TEST_END_REASONS)[number]

/** A test ends by itself after this long, so that a forgotten one does not fill the store or hold up a cutover for ever. */
export const TEST_DEFAULT_HOURS = 4
export const TEST_HOURS = [1, TEST_DEFAULT_HOURS, 12, 24] as const

/** A test without a result after this long is ended: preparing, marking and booting take seconds to a few minutes. */
export const TEST_START_LIMIT_SECONDS = 900
