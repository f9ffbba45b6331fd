import { expect, it } from 'vitest'
import { waveState } from './wave-state.ts'

it.each([
  [['ASSESSED', 'ASSESSED'], false, 'PLANNED'],
  [['REPLICATING', 'READY_FOR_CUTOVER'], false, 'REPLICATING'],
  [['READY_FOR_CUTOVER', 'COMPLETED'], false, 'READY'],
  [['READY_FOR_CUTOVER', 'VALIDATING'], true, 'CUTOVER'],
  [['BLOCKED', 'REPLICATING'], true, 'BLOCKED'],
  [['REPLICATING'], true, 'PAUSED'],
  [['COMPLETED', 'CANCELLED'], false, 'COMPLETED'],
  [['CANCELLED', 'FAILED'], true, 'ENDED'],
] as const)('%j paused=%s → %s', (statuses, paused, state) => expect(waveState(statuses, paused)).toBe(state))
