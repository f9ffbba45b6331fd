import type { TransitionTable } from './transition-table.ts'

/** One try at a cutover; a new row each. */
export const CUTOVER_STATUSES = [
  'PREFLIGHT', 'GO_NO_GO', 'SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING',
  'COMMITTED', 'ROLLED_BACK',
] as const
export type CutoverStatus = (typeof CUTOVER_STATUSES)[number]

export const CUTOVER_TRANSITIONS: TransitionTable<CutoverStatus> = {
  PREFLIGHT: ['GO_NO_GO', 'ROLLED_BACK'],
  GO_NO_GO: ['SOURCE_QUIESCING', 'ROLLED_BACK'],
  SOURCE_QUIESCING: ['SOURCE_OFF', 'ROLLED_BACK'],
  SOURCE_OFF: ['FINAL_SYNC', 'ROLLED_BACK'],
  FINAL_SYNC: ['VERIFYING', 'ROLLED_BACK'],
  VERIFYING: ['TARGET_BOOTING', 'ROLLED_BACK'],
  TARGET_BOOTING: ['VALIDATING', 'ROLLED_BACK'],
  VALIDATING: ['COMMITTED', 'ROLLED_BACK'],
  COMMITTED: [],
  ROLLED_BACK: [],
}

/** Nothing was done to the source yet: giving up costs nobody anything. */
export const CUTOVER_HARMLESS: readonly CutoverStatus[] = ['PREFLIGHT', 'GO_NO_GO']
/** The source is being stopped or is off: frozen against edits, ends in COMMITTED or ROLLED_BACK. */
export const CUTOVER_COMMITTING: readonly CutoverStatus[] = [
  'SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING',
]
export const CUTOVER_OVER: readonly CutoverStatus[] = ['COMMITTED', 'ROLLED_BACK']
