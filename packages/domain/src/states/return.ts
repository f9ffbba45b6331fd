import type { TransitionTable } from './transition-table.ts'

/**
 * A VM goes home from the target. With the way back: the target shuts it down in order and sends the rest (HANDING_BACK), the
 * source reads its disks back and both sides' hashes are compared (PROVING). Then, and without the way back at once: the shadow
 * VM is removed, its replica kept (REMOVING_SHADOW), and the source is powered on (STARTING_SOURCE). CALLED_OFF: it runs on at
 * the target, with all that it wrote.
 */
export const RETURN_STATUSES = ['HANDING_BACK', 'PROVING', 'REMOVING_SHADOW', 'STARTING_SOURCE', 'RETURNED', 'CALLED_OFF'] as const
export type ReturnStatus = (typeof RETURN_STATUSES)[number]

/** Until an agent has removed the shadow VM a return can be called off: nothing that was written is lost. Not after. */
export const RETURN_TRANSITIONS: TransitionTable<ReturnStatus> = {
  HANDING_BACK: ['PROVING', 'CALLED_OFF'],
  PROVING: ['REMOVING_SHADOW', 'CALLED_OFF'],
  REMOVING_SHADOW: ['STARTING_SOURCE', 'CALLED_OFF'],
  STARTING_SOURCE: ['RETURNED'],
  RETURNED: [],
  CALLED_OFF: [],
}

export const RETURN_UNDER_WAY = ['HANDING_BACK', 'PROVING', 'REMOVING_SHADOW', 'STARTING_SOURCE'] as const satisfies readonly ReturnStatus[]
/** Together with the list above, every status exactly once. */
export const RETURN_OVER = ['RETURNED', 'CALLED_OFF'] as const satisfies readonly ReturnStatus[]

/** Home again, or called off. */
export const isReturnOver = (status: ReturnStatus): boolean => RETURN_OVER.some((one) => one === status)

/** Where a return begins. */
export const firstOfReturn = (wayBack: boolean): ReturnStatus => (wayBack ? 'HANDING_BACK' : 'REMOVING_SHADOW')
