import { differingDisks } from './differing-disks.ts'
import { isAway } from './migration-view.ts'
import type { AfterCommitView, MigrationView, Step } from './migration-view.ts'
import type { ReturnStatus } from './states/return.ts'
import type { WaitReason } from './waiting.ts'

/** What a target says that cannot or must not hand its VM back: it runs on there. */
const REFUSED_AT_TARGET: readonly string[] = ['ORDER_REFUSED', 'SHUTDOWN_REFUSED', 'NO_SHADOW', 'NO_WAY_BACK']
/** Beyond its shutdown, handing back is one final sync; as long as that of a cutover may take. */
export const HAND_BACK_SECONDS = 1_860
/** Reading back every disk of the source; sized for 1 TiB at 500 MB/s. */
export const RETURN_PROVING_SECONDS = 2_400
/** With the VM off, a source agent that is silent is waited for this long: time for it to be restarted. */
export const RETURN_SOURCE_LOST_SECONDS = 120

/** What follows COMMIT: validation, acceptance, the VM's return; null: this migration is not there, or nothing is left to do. */
export function stepAfterCommit(view: MigrationView): Step | null {
  const { status, attempt, afterCommit } = view
  if (attempt?.status !== 'COMMITTED' || (status !== 'VALIDATING' && status !== 'COMPLETED')) return null
  if (afterCommit?.vmReturn) return stepOfReturn(view, attempt.number, afterCommit.vmReturn)
  if (status === 'COMPLETED') return null
  if (!afterCommit || afterCommit.secondsLeft === null || afterCommit.accepted) return { kind: 'ACCEPT' }
  if (afterCommit.secondsLeft > 0) return wait('VALIDATING', afterCommit.calledOff)
  // Somebody, or the agreement, wanted the VM back and did not get it: what then is nothing to be guessed.
  if (afterCommit.calledOff !== null) return wait('VALIDATION_OVERDUE', afterCommit.calledOff)
  return { kind: afterCommit.byDefault === 'ACCEPT' ? 'ACCEPT' : 'BEGIN_RETURN' }
}

function wait(reason: WaitReason, detail: string | null = null): Step {
  return { kind: 'WAIT', reason, detail }
}

function stepOfReturn(view: MigrationView, attempt: number, back: NonNullable<AfterCommitView['vmReturn']>): Step {
  const { target } = view
  const callOff = (code: string, message: string): Step => ({ kind: 'CALL_OFF_RETURN', code, message: `${message} The VM runs on at the target; the source stays off.` })
  // Before it has heard of the return, a target reports what it did until then, even of an earlier return that was called off.
  const told = back.targetHeard && target.attempt === attempt && (target.stage === wantedAtTarget(back.status) || target.stage === 'CONVERGING')
  const refused = told && target.problem && REFUSED_AT_TARGET.includes(target.problem.code) ? target.problem : null
  switch (back.status) {
    case 'HANDING_BACK':
    case 'PROVING':
      if (refused) return callOff(refused.code, refused.message)
      return stepOfHandingBack(view, attempt, back, callOff)
    case 'REMOVING_SHADOW':
      if (refused?.code === 'ORDER_REFUSED') return callOff(refused.code, refused.message)
      if (told && target.stage === 'KEEP' && !target.shadow?.on) return { kind: 'ADVANCE_RETURN', to: 'STARTING_SOURCE' }
      if (isAway(target)) return wait('TARGET_AGENT_AWAY', 'The VM may still run at the target. The source stays off until the target agent says that it does not.')
      return wait('RETURNING', told ? (target.problem?.message ?? null) : null)
    default:
      return stepOfStarting(view, attempt, back.sourceHeard)
  }
}

function wantedAtTarget(status: ReturnStatus): string {
  return status === 'HANDING_BACK' || status === 'PROVING' ? 'HAND_BACK' : 'KEEP'
}

/** The VM is off, or about to be, and its newest data is at the target: whatever takes too long starts it there again. */
function stepOfHandingBack(view: MigrationView, attempt: number, back: NonNullable<AfterCommitView['vmReturn']>, callOff: (code: string, message: string) => Step): Step {
  const { source, target, diskKeys, limits } = view
  const atTarget = back.targetHeard && target.attempt === attempt && target.stage === 'HAND_BACK'
  if (source.silentSeconds === null || source.silentSeconds > RETURN_SOURCE_LOST_SECONDS) return callOff('SOURCE_AGENT_LOST', `The source agent has not been heard of for more than ${RETURN_SOURCE_LOST_SECONDS} seconds.`)
  const limit = back.status === 'PROVING' ? RETURN_PROVING_SECONDS : limits.shutdownSeconds + HAND_BACK_SECONDS
  if (back.secondsInStatus > limit) return callOff('STEP_TOOK_TOO_LONG', `The step ${back.status} took longer than ${limit} seconds.`)
  if (back.status === 'HANDING_BACK') {
    if (atTarget && target.handedBack === true && target.hashes) return { kind: 'ADVANCE_RETURN', to: 'PROVING' }
  } else {
    if (atTarget && target.shadow?.on) return callOff('SHADOW_RAN', 'The VM was powered on at the target after it had been handed back.')
    const current = back.sourceHeard && source.attempt === attempt && source.stage === 'TAKE_BACK'
    if (current && source.problem?.code === 'DISK_READ_FAILED') return callOff(source.problem.code, source.problem.message)
    if (current && source.hashes) {
      const differing = differingDisks(diskKeys, source.hashes, back.handedBack)
      return differing.length === 0 ? { kind: 'ADVANCE_RETURN', to: 'REMOVING_SHADOW' } : callOff('DISKS_DIFFER', `Source and target differ on ${differing.join(', ')}.`)
    }
  }
  if (isAway(target)) return wait('TARGET_AGENT_AWAY')
  if (isAway(source)) return wait('SOURCE_AGENT_AWAY')
  return wait('RETURNING', source.problem?.message ?? target.problem?.message ?? null)
}

function stepOfStarting({ source }: MigrationView, attempt: number, heard: boolean): Step {
  const current = heard && source.attempt === attempt && source.stage === 'RETURN'
  if (current && source.guestOn) return { kind: 'ADVANCE_RETURN', to: 'RETURNED' }
  if (isAway(source)) return wait('SOURCE_AGENT_AWAY', 'The VM is gone from the target, its disks are kept there. It is powered on at the source once the source agent is back.')
  return current && source.problem ? wait('AGENT_PROBLEM', source.problem.message) : wait('RETURNING')
}
