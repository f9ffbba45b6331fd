import type { TransitionTable } from './transition-table.ts'

/** The life of one VM's migration. */
export const MIGRATION_STATUSES = [
  'DRAFT', 'ASSESSED', 'READY_TO_REPLICATE', 'REPLICATING', 'READY_FOR_TEST', 'TESTING', 'READY_FOR_CUTOVER',
  'CUTTING_OVER', 'VALIDATING', 'COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED', 'BLOCKED',
] as const
export type MigrationStatus = (typeof MIGRATION_STATUSES)[number]

/**
 * A test is started by a person, so REPLICATING leads straight to READY_FOR_CUTOVER; from there TESTING and back.
 * READY_FOR_TEST is for plans that demand a test before the cutover, which there are none of yet. A failed cutover leads
 * back to REPLICATING, and so does a VM that is taken back before it was accepted; one that was accepted ends in ROLLED_BACK.
 */
export const MIGRATION_TRANSITIONS: TransitionTable<MigrationStatus> = {
  DRAFT: ['ASSESSED', 'CANCELLED'],
  ASSESSED: ['READY_TO_REPLICATE', 'CANCELLED'],
  READY_TO_REPLICATE: ['REPLICATING', 'BLOCKED', 'CANCELLED', 'FAILED'],
  REPLICATING: ['READY_FOR_TEST', 'READY_FOR_CUTOVER', 'BLOCKED', 'CANCELLED', 'FAILED'],
  READY_FOR_TEST: ['TESTING', 'READY_FOR_CUTOVER', 'REPLICATING', 'BLOCKED', 'CANCELLED', 'FAILED'],
  TESTING: ['READY_FOR_TEST', 'READY_FOR_CUTOVER', 'REPLICATING', 'BLOCKED', 'CANCELLED', 'FAILED'],
  READY_FOR_CUTOVER: ['TESTING', 'CUTTING_OVER', 'REPLICATING', 'BLOCKED', 'CANCELLED', 'FAILED'],
  CUTTING_OVER: ['VALIDATING', 'READY_FOR_CUTOVER', 'REPLICATING', 'CANCELLED'],
  VALIDATING: ['COMPLETED', 'REPLICATING'],
  BLOCKED: ['READY_TO_REPLICATE', 'REPLICATING', 'READY_FOR_CUTOVER', 'CANCELLED', 'FAILED'],
  COMPLETED: ['ROLLED_BACK'],
  ROLLED_BACK: [],
  FAILED: [],
  CANCELLED: [],
}

/** Nothing is driven any more: accepted, or given up. */
export const MIGRATION_ENDED: readonly MigrationStatus[] = ['COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED']
/** The wave was not started yet. */
export const MIGRATION_PLANNED: readonly MigrationStatus[] = ['DRAFT', 'ASSESSED']
/** Somebody or something works on it. Together with the two lists above, every status exactly once. */
export const MIGRATION_UNDER_WAY: readonly MigrationStatus[] = [
  'READY_TO_REPLICATE', 'REPLICATING', 'READY_FOR_TEST', 'TESTING', 'READY_FOR_CUTOVER', 'CUTTING_OVER', 'VALIDATING', 'BLOCKED',
]
/** Source and target may both be touched only here; one VM of a wave at a time. */
export const MIGRATION_IN_CUTOVER: readonly MigrationStatus[] = ['CUTTING_OVER', 'VALIDATING']
