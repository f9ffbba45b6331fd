import { mustTurnBack, rollbackReserveSeconds } from './cutover/deadline.ts'
import { REREAD_SECONDS } from './cutover/forecast.ts'
import { differingDisks } from './differing-disks.ts'
import { isAway } from './migration-view.ts'
import type { MigrationView, Step } from './migration-view.ts'
import { CUTOVER_COMMITTING, CUTOVER_OVER } from './states/cutover.ts'
import type { CutoverStatus } from './states/cutover.ts'
import { MIGRATION_ENDED, MIGRATION_PLANNED } from './states/migration.ts'
import { shipmentWait } from './shipment/shipment-wait.ts'
import { stepAfterCommit } from './step-after-commit.ts'
import { stepOfTest } from './test-step.ts'
import type { WaitReason } from './waiting.ts'

/** Caught up means: what is left fits into a final sync of seconds on the slowest link we recommend (100 Mbit/s). */
export const CAUGHT_UP_BYTES = 64 * 1024 * 1024
/** How long a step of a cutover may take before the attempt is rolled back. Sized for 1 TiB at 500 MB/s. */
export const STEP_LIMIT_SECONDS: Readonly<Partial<Record<CutoverStatus, number>>> = {
  SOURCE_OFF: 60,
  FINAL_SYNC: 1_800,
  VERIFYING: 2_400,
  TARGET_BOOTING: 600,
  VALIDATING: 600,
}
/**
 * With the source off, a target agent that is silent, or a link that the source cannot bring up, is waited for this long:
 * time for an agent to be restarted or its machine to boot. Beyond it every second is downtime; rolling back costs one boot.
 */
export const PARTNER_LOST_SECONDS = 120
/** What an agent says that was told to do what nobody has signed. */
export const ORDER_REFUSED = 'ORDER_REFUSED'
const CUTOVER_AT_TARGET: readonly CutoverStatus[] = ['TARGET_BOOTING', 'VALIDATING']
const SAY_GO_AGAIN = {
  MISSING: 'There is no signed order for this VM: go was said before it was started, or by an earlier version. Nothing was stopped. Say go again.',
  PLAN_CHANGED: 'The plan changed after the go, so the go does not hold for it. Nothing was stopped. Look at the plan and say go again.',
  VOID: 'The order for this VM is not signed by the portal’s key, so no agent would obey it. Nothing was stopped. If nobody has changed that key, find out who writes to the database; then say go again.',
  NOT_YET: 'The order that was signed with the go begins later, as the approval policy said then. Nothing was stopped. It goes on by itself at that time; to begin sooner, say go again.',
  LAPSED: 'The order that was signed with the go allows no beginning any more: that go has expired, though others hold. Nothing was stopped. Say go again.',
} as const
/** The same for a target that only the coordinator does not hear, while the source's link to it is up: that often mends. */
export const TARGET_UNHEARD_SECONDS = 300
/** Beyond the guest's own limit: the agent needs a moment to hear of it and to report. */
export const QUIESCE_GRACE_SECONDS = 60

/**
 * The one next step of a migration. Called again after every step that was taken, and whenever
 * anything it looks at has changed; taking it twice is harmless because writers compare and set.
 */
export function nextStep(view: MigrationView): Step {
  const after = stepAfterCommit(view)
  if (after) return after
  if (MIGRATION_ENDED.includes(view.status)) return { kind: 'NOTHING' }
  if (MIGRATION_PLANNED.includes(view.status)) return wait('START_WAVE')
  if (view.attempt && !CUTOVER_OVER.includes(view.attempt.status)) return stepOfAttempt(view, view.attempt)
  if (view.attempt?.status === 'ROLLED_BACK' && !view.attempt.sourceReturned) {
    if (!view.attempt.shadowGone) return stepOfShadow(view, view.attempt.number)
    if (sourceIsBack(view)) return { kind: 'SOURCE_RETURNED' }
  }
  if (view.status === 'BLOCKED') return stepOfBlocked(view)
  if (view.status === 'TESTING') return stepOfTest(view, blocker(view)?.detail ?? null)
  return stepOfReplication(view)
}

function wait(reason: WaitReason, detail: string | null = null): Step {
  return { kind: 'WAIT', reason, detail }
}

/**
 * After a failed attempt whose shadow VM may have run: waits for the target's word that it is gone. Where the target is
 * lost for good, a person decides: cancelling the migration powers the source on without that word.
 */
function stepOfShadow({ target }: MigrationView, attempt: number): Step {
  if (target.stage === 'KEEP' && target.attempt === attempt && !target.shadow?.on) return { kind: 'SHADOW_GONE' }
  return isAway(target)
    ? wait('TARGET_AGENT_AWAY', 'The shadow VM may still run at the target. The source stays off until the target agent says that it does not; cancelling the migration powers the source on at once.')
    : wait('CUTTING_OVER', 'The shadow VM is being removed; the source is powered on after that.')
}

/** Back on and replicating again, for the attempt that failed. */
function sourceIsBack(view: MigrationView): boolean {
  const { source, attempt } = view
  return attempt !== null && source.stage === 'RETURN' && source.attempt === attempt.number && source.guestOn
}

/** Problems that go away only when a person acts: the migration is held until the agent no longer reports them. */
function blocker(view: MigrationView): { reason: WaitReason; detail: string } | null {
  const { source, target } = view
  if (target.problem?.code === 'INSUFFICIENT_SPACE') return { reason: 'INSUFFICIENT_SPACE', detail: target.problem.message }
  if (source.problem?.code === 'INSUFFICIENT_SPACE') return { reason: 'INSUFFICIENT_SPACE', detail: source.problem.message }
  if (source.problem?.code === 'DISK_READ_FAILED') return { reason: 'AGENT_PROBLEM', detail: source.problem.message }
  return null
}

/**
 * While an agent is not heard of, or cannot ask its hypervisor, nothing new begins; null: both are there. What is said of the
 * provider's hypervisor is for the provider, so only the customer's has its own words here.
 */
function waitForAgents({ source, target }: MigrationView): Step | null {
  if (isAway(source)) return wait('SOURCE_AGENT_AWAY')
  if (isAway(target)) return wait('TARGET_AGENT_AWAY')
  if (source.hypervisorProblem !== null) return wait('SOURCE_HYPERVISOR_PROBLEM', source.hypervisorProblem)
  if (target.hypervisorProblem !== null) return wait('TARGET_HYPERVISOR_PROBLEM')
  return null
}

function stepOfBlocked(view: MigrationView): Step {
  const to = view.resumeStatus ?? 'REPLICATING'
  const held = blocker(view)
  if (held) return wait(held.reason, held.detail)
  if (to === 'READY_TO_REPLICATE' && lacksSpace(view)) return wait('INSUFFICIENT_SPACE')
  return { kind: 'UNBLOCK', to }
}

function lacksSpace(view: MigrationView): boolean {
  return view.target.freeBytes !== null && view.target.freeBytes < view.neededBytes
}

function stepOfReplication(view: MigrationView): Step {
  const { source } = view
  const held = blocker(view)
  if (held) return { kind: 'BLOCK', ...held }
  const unheard = waitForAgents(view)
  if (unheard) return unheard
  if (view.status === 'READY_TO_REPLICATE') {
    if (lacksSpace(view)) return { kind: 'BLOCK', reason: 'INSUFFICIENT_SPACE', detail: `The target site has ${view.target.freeBytes ?? 0} bytes free; this VM needs ${view.neededBytes}.` }
    return { kind: 'MOVE', to: 'REPLICATING' }
  }
  if (view.paused) return wait('PAUSED')
  // Nothing of it is sent, so it is neither stalled nor in step.
  const carried = view.shipment ? shipmentWait(view.shipment) : null
  if (carried) return wait(carried.reason, carried.detail)
  const copying = !source.reported || source.backgroundLeftBytes > 0
  if (copying && view.status === 'READY_FOR_CUTOVER') return { kind: 'MOVE', to: 'REPLICATING' }
  if (diverges(view)) return wait('NOT_CONVERGING')
  if (copying) return wait(source.comparing ? 'COMPARING' : 'COPYING', source.problem?.message ?? null)
  if (!source.connected || source.foregroundLeftBytes > CAUGHT_UP_BYTES) return wait('CATCHING_UP', source.problem?.message ?? null)
  if (view.status !== 'READY_FOR_CUTOVER') return { kind: 'MOVE', to: 'READY_FOR_CUTOVER' }
  return stepOfReady(view)
}

/** A broken link has its own words, and says nothing about how fast it is. */
function diverges({ diverges: verdict, source }: MigrationView): boolean {
  return verdict && source.connected
}

/** Replicated and in step: what is missing until the cutover may begin. */
function stepOfReady(view: MigrationView): Step {
  const { booking, attempt } = view
  if (attempt?.status === 'ROLLED_BACK' && !attempt.sourceReturned) return wait('CUTTING_OVER', 'The source is being powered on again.')
  if (isTestDue(view)) return { kind: 'BEGIN_TEST' }
  if (!booking) return wait('BOOK_WINDOW', view.passedWindow ? 'The last service window ended before this VM was moved. Nothing was stopped for it, and replication goes on.' : null)
  if (booking.status === 'REQUESTED' || booking.status === 'COUNTER_OFFERED') return wait('APPROVE_WINDOW')
  if (booking.window === 'NOT_YET' || booking.status !== 'IN_PROGRESS') return wait(booking.window === 'OVER' ? 'WINDOW_MISSED' : 'WINDOW_NOT_OPEN')
  if (booking.window !== 'OPEN') return wait('WINDOW_MISSED', booking.window)
  if (view.goNoGo === 'NO_GO') return wait('NO_GO')
  return view.turn.kind === 'WAIT' ? wait(view.turn.reason, view.turn.detail) : { kind: 'BEGIN_ATTEMPT' }
}

/** A booked test begins once in its window, after the go that its customer asks for; never while a cutover of this wave may begin by itself. */
function isTestDue({ bookedTest, booking, automatic }: MigrationView): boolean {
  if (!bookedTest || bookedTest.done || bookedTest.goNoGo !== 'GO') return false
  const cutoverOpen = automatic && booking?.status === 'IN_PROGRESS' && booking.window === 'OPEN'
  return bookedTest.bookingStatus === 'IN_PROGRESS' && bookedTest.window === 'OPEN' && !cutoverOpen
}

/**
 * An attempt ends inside its window: well, or by going back. Once going back would soon no longer fit, nothing but going back is left;
 * the one exception is an attempt that is proven at that very look, while its window is still open.
 */
function stepOfAttempt(view: MigrationView, attempt: NonNullable<MigrationView['attempt']>): Step {
  const step = stepInWindow(view, attempt)
  if (!CUTOVER_COMMITTING.includes(attempt.status) || step.kind === 'ROLL_BACK' || !mustTurnBack(attempt.status, attempt.windowLeftSeconds)) return step
  if (step.kind === 'COMMIT' && attempt.windowLeftSeconds > 0) return step
  const reserve = rollbackReserveSeconds(attempt.status)
  return { kind: 'ROLL_BACK', code: 'WINDOW_ENDING', message: `In the step ${attempt.status} ${Math.max(0, Math.floor(attempt.windowLeftSeconds))} s of the service window were left, and going back takes up to ${reserve} s: the source is powered on again. Book a longer window, or see which step took long.` }
}

/** What the attempt would do if its window never ended. */
function stepInWindow(view: MigrationView, attempt: NonNullable<MigrationView['attempt']>): Step {
  const { source, target } = view
  const back = (code: string, message: string): Step => ({ kind: 'ROLL_BACK', code, message })
  const current = source.attempt === attempt.number

  if (!CUTOVER_COMMITTING.includes(attempt.status)) {
    if (view.booking?.window !== 'OPEN' || view.booking.status !== 'IN_PROGRESS') return back('WINDOW_CLOSED', 'The service window no longer has room for this cutover; nothing was stopped.')
    if (view.goNoGo === 'NO_GO') return back('NO_GO', 'The approver said no-go; nothing was stopped.')
    const unheard = waitForAgents(view)
    if (unheard) return unheard
    if (view.paused) return wait('PAUSED')
    if (diverges(view)) return wait('NOT_CONVERGING')
    if (attempt.status === 'PREFLIGHT') return source.connected && source.backgroundLeftBytes === 0 && source.foregroundLeftBytes <= CAUGHT_UP_BYTES ? { kind: 'ADVANCE_ATTEMPT', to: 'GO_NO_GO' } : wait('CATCHING_UP')
    if (view.goNoGo !== 'GO') return wait('GO_NO_GO', view.goNoGoDetail ?? null)
    return view.order === 'FITS' ? { kind: 'ADVANCE_ATTEMPT', to: 'SOURCE_QUIESCING' } : wait('GO_NO_GO', SAY_GO_AGAIN[view.order])
  }

  // Nothing of this attempt runs at the target yet, so going back costs one boot at most; later the target's own problem decides.
  if (current && source.problem?.code === ORDER_REFUSED && !CUTOVER_AT_TARGET.includes(attempt.status)) return back(source.problem.code, source.problem.message)

  const waitsForGuest = attempt.status === 'SOURCE_QUIESCING' && view.limits.refusal === 'WAIT'
  if (current && source.problem?.code === 'SHUTDOWN_REFUSED' && !waitsForGuest) return back(source.problem.code, source.problem.message)
  const limit = waitsForGuest ? undefined : attempt.status === 'SOURCE_QUIESCING' ? view.limits.shutdownSeconds + QUIESCE_GRACE_SECONDS : STEP_LIMIT_SECONDS[attempt.status]
  if (limit !== undefined && attempt.secondsInStatus > limit) return back('STEP_TOOK_TOO_LONG', `The step ${attempt.status} took longer than ${limit} seconds.`)
  const lost = lostPartner(view, attempt)
  if (lost) return back(lost.code, lost.message)

  switch (attempt.status) {
    case 'SOURCE_QUIESCING':
      return current && source.off ? { kind: 'ADVANCE_ATTEMPT', to: 'SOURCE_OFF' } : wait('CUTTING_OVER', current ? (source.problem?.message ?? null) : null)
    case 'SOURCE_OFF':
      return { kind: 'ADVANCE_ATTEMPT', to: 'FINAL_SYNC' }
    case 'FINAL_SYNC':
      return current && source.finalSynced ? { kind: 'ADVANCE_ATTEMPT', to: 'VERIFYING' } : wait('CUTTING_OVER')
    case 'VERIFYING': {
      if (!current || !source.hashes || target.attempt !== attempt.number || !target.hashes) {
        return target.problem && target.attempt === attempt.number ? back(target.problem.code, target.problem.message) : wait('CUTTING_OVER')
      }
      const differing = differingDisks(view.diskKeys, source.hashes, target.hashes)
      if (differing.length > 0) return back('DISKS_DIFFER', `Source and target differ on ${differing.join(', ')}.`)
      return { kind: 'ADVANCE_ATTEMPT', to: 'TARGET_BOOTING' }
    }
    case 'TARGET_BOOTING':
      if (target.attempt === attempt.number && target.problem) return back(target.problem.code, target.problem.message)
      return target.attempt === attempt.number && target.shadow?.on ? { kind: 'ADVANCE_ATTEMPT', to: 'VALIDATING' } : wait('CUTTING_OVER')
    case 'VALIDATING':
      return stepOfValidation(view, attempt, back)
    default:
      return { kind: 'NOTHING' }
  }
}

/**
 * Why the proof of this attempt cannot be finished, before the step's own limit says so; null: it may be. Never from
 * TARGET_BOOTING on: the shadow VM may run then, and only the target's agent can stop it before the source is powered on.
 */
function lostPartner({ source, target }: MigrationView, attempt: NonNullable<MigrationView['attempt']>): { code: string; message: string } | null {
  if (attempt.status !== 'FINAL_SYNC' && attempt.status !== 'VERIFYING') return null
  // A source that is away cannot power its VM on: rolling back would save nothing, and it may finish in seconds once it is here.
  if (isAway(source)) return null
  const patience = source.connected ? TARGET_UNHEARD_SECONDS : PARTNER_LOST_SECONDS
  if (target.silentSeconds === null || target.silentSeconds > patience) return { code: 'TARGET_AGENT_LOST', message: `The target agent has not been heard of for more than ${patience} seconds; the source is powered on again. Look at the target agent before the next try.` }
  // A problem is told after several tries in a row: a source that has just come back has had none, and gets them.
  const trouble = source.attempt === attempt.number && !source.finalSynced && !source.connected ? source.problem : null
  if (trouble && attempt.secondsInStatus > PARTNER_LOST_SECONDS) return { code: 'LINK_LOST', message: `The source agent cannot reach the target: ${trouble.message} The source is powered on again.` }
  return null
}

function stepOfValidation(view: MigrationView, attempt: NonNullable<MigrationView['attempt']>, back: (code: string, message: string) => Step): Step {
  const { shadow, problem } = view.target
  const reread = view.source.attempt === attempt.number ? view.source.reread : null
  if (reread === 'DIFFERENT') return back('PROOF_WRONG', 'The source’s disks, read whole after the VM was off, are not what was compared with the target: a write went unseen. The source is powered on again, and everything is compared anew.')
  if (problem) return back(problem.code, problem.message)
  if (!shadow) return wait('CUTTING_OVER')
  if (shadow.health === 'BROKEN') return back('GUEST_BROKEN', shadow.healthDetail ?? 'The guest found its own disk broken at the target.')
  if (shadow.health !== 'HEALTHY' || !shadow.wrote || shadow.sequenceAtBoot === null) return wait('CUTTING_OVER')
  if (shadow.sequenceAtBoot < view.source.acknowledgedSequence)
    return back('RECORDS_MISSING', `The guest had acknowledged record ${view.source.acknowledgedSequence}; the target has only up to ${shadow.sequenceAtBoot}.`)
  // Unheard may only mean that the coordinator was away, or that its clock jumped: the source may have the answer, and the VM runs.
  // One that is really away cannot power its VM on either, so that going back at the window's end would save nothing.
  const givenUp = isAway(view.source) && mustTurnBack('VALIDATING', attempt.windowLeftSeconds)
  if (reread === 'RUNNING' && !givenUp && attempt.secondsInStatus < REREAD_SECONDS)
    return wait('CUTTING_OVER', 'The VM runs at the target. The source’s disks are being read whole once more before it is accepted.')
  return { kind: 'COMMIT' }
}
