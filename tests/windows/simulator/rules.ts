import { canTransition, forecastCutover, judgeApprovals, nextBookingStatus, nextShipmentStep, nextStep, seedStepsOf, sourceStage, targetStage, turnOf, windowAt } from '@driftless/domain'
import type { TransitionTable } from '@driftless/domain'
import { powerOffAgreed, sourceRefusal, targetRefusal } from '../../../apps/agent/src/orders/rule.ts'

/** The ledger's key: what is said again has the same, and is not entered again. */
const billingKey = (migrationId: string, kind: string, stay: number): string => `${migrationId}/${kind}/${stay}`

/** The product's own rules, which the simulated programs ask; a mutant has one of them wrong. */
export const RULES = {
  nextStep, nextShipmentStep, seedStepsOf, turnOf, windowAt, sourceStage, targetStage, nextBookingStatus, judgeApprovals, forecastCutover, sourceRefusal, targetRefusal, powerOffAgreed, billingKey,
  /** Writers compare and set: only who has read the present status may write. */
  owns: (read: string, present: string): boolean => read === present,
}
export type Rules = typeof RULES

/** Where a table forbids the transition the story has failed, whoever asked for it. */
export function allowed<S extends string>(table: TransitionTable<S>, from: S, to: S): boolean {
  return canTransition(table, from, to)
}
