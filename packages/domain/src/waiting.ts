/** Who must act next. Every wait has one. */
export const OWNERS = ['CUSTOMER_OPERATOR', 'CUSTOMER_APPROVER', 'PROVIDER_SCHEDULER', 'PROVIDER_OPERATOR', 'DRIFTLESS'] as const
export type Owner = (typeof OWNERS)[number]

/** Why a migration does not move on, or what it is busy with; the portal has a sentence for each. */
export const WAIT_REASONS = {
  START_WAVE: 'CUSTOMER_OPERATOR',
  SOURCE_AGENT_AWAY: 'CUSTOMER_OPERATOR',
  TARGET_AGENT_AWAY: 'PROVIDER_OPERATOR',
  INSUFFICIENT_SPACE: 'PROVIDER_OPERATOR',
  AGENT_PROBLEM: 'CUSTOMER_OPERATOR',
  PAUSED: 'CUSTOMER_OPERATOR',
  COPYING: 'DRIFTLESS',
  CATCHING_UP: 'DRIFTLESS',
  NOT_CONVERGING: 'CUSTOMER_OPERATOR',
  COMPARING: 'DRIFTLESS',
  BOOK_WINDOW: 'CUSTOMER_OPERATOR',
  APPROVE_WINDOW: 'PROVIDER_SCHEDULER',
  WINDOW_NOT_OPEN: 'DRIFTLESS',
  WINDOW_MISSED: 'CUSTOMER_OPERATOR',
  GO_NO_GO: 'CUSTOMER_APPROVER',
  NO_GO: 'CUSTOMER_OPERATOR',
  REQUEST_CUTOVER: 'CUSTOMER_OPERATOR',
  CUTOVER_FAILED: 'CUSTOMER_OPERATOR',
  WAITING_FOR_TURN: 'DRIFTLESS',
  CUTTING_OVER: 'DRIFTLESS',
} as const satisfies Record<string, Owner>
export type WaitReason = keyof typeof WAIT_REASONS

/** The one who must act on a reason. */
export function ownerOf(reason: WaitReason): Owner {
  return WAIT_REASONS[reason]
}
