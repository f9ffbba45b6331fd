import { isWaitReason, MIGRATION_ENDED, ownerOf } from '@driftless/domain'
import type { MigrationStatus, Owner, WaitReason } from '@driftless/domain'
import { waveState } from '@/features/wave/wave-state.ts'
import type { WaveState } from '@/features/wave/wave-state.ts'

export type Attention = {
  readonly state: WaveState
  /** Why it waits and who must act, where a person must: the gravest of its VMs' reasons. */
  readonly reason: WaitReason | null
  readonly owner: Owner | null
  /** Somebody should look now: blocked, failed, or waiting for the provider. */
  readonly urgent: boolean
  readonly over: boolean
}

/** The gravest first; a reason that is not listed is Driftless at work. */
const GRAVITY: readonly WaitReason[] = [
  'INSUFFICIENT_SPACE', 'TARGET_AGENT_AWAY', 'SOURCE_AGENT_AWAY', 'TARGET_HYPERVISOR_PROBLEM', 'SOURCE_HYPERVISOR_PROBLEM', 'AGENT_PROBLEM', 'SHIPMENT_REFUSED', 'SHIPMENT_EXPORT_HELD', 'CUTOVER_FAILED', 'WINDOW_MISSED', 'VALIDATION_OVERDUE', 'SHIPMENT_LATE', 'NO_GO', 'NOT_CONVERGING',
  'APPROVE_WINDOW', 'GO_NO_GO', 'VALIDATING', 'REQUEST_CUTOVER', 'TESTING', 'SHIPMENT_TO_IMPORT', 'SHIPMENT_TO_HAND_OVER', 'SHIPMENT_TRAVELLING', 'BOOK_WINDOW', 'PAUSED', 'START_WAVE',
]
const URGENT: ReadonlySet<WaitReason> = new Set(['INSUFFICIENT_SPACE', 'TARGET_AGENT_AWAY', 'SOURCE_AGENT_AWAY', 'TARGET_HYPERVISOR_PROBLEM', 'SOURCE_HYPERVISOR_PROBLEM', 'AGENT_PROBLEM', 'SHIPMENT_REFUSED', 'SHIPMENT_EXPORT_HELD', 'SHIPMENT_LATE', 'CUTOVER_FAILED', 'WINDOW_MISSED', 'VALIDATION_OVERDUE', 'APPROVE_WINDOW', 'GO_NO_GO'])

/** What a wave as a whole is doing, and what it waits for, from its migrations. */
export function attentionOf(wave: { paused: boolean; migrations: readonly { status: MigrationStatus; waitReason: string | null }[] }): Attention {
  const open = wave.migrations.filter(({ status }) => !MIGRATION_ENDED.includes(status))
  const reasons = open.flatMap(({ waitReason }) => (isWaitReason(waitReason) ? [waitReason] : []))
  const state = waveState(wave.migrations.map(({ status }) => status), wave.paused)
  // Nothing drives a planned wave, so nothing has noted what it waits for.
  const reason = state === 'PLANNED' ? 'START_WAVE' : (GRAVITY.find((one) => reasons.includes(one)) ?? null)
  const blocked = open.some(({ status }) => status === 'BLOCKED')
  return {
    state,
    reason, owner: reason === null ? null : ownerOf(reason),
    urgent: blocked || (reason !== null && URGENT.has(reason)),
    over: open.length === 0,
  }
}

/** Urgent first, then what waits for a person, then the rest; ended ones last. */
export function rank(attention: Attention): number {
  if (attention.over) return 3
  if (attention.urgent) return 0
  return attention.owner !== null ? 1 : 2
}
