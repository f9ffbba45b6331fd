import type { ShutdownRefusal, ValidationDefault } from './agreement.ts'
import type { TurnAnswer } from './cutover/turn.ts'
import type { WindowAnswer } from './service-window.ts'
import type { CutoverStatus } from './states/cutover.ts'
import type { MigrationStatus } from './states/migration.ts'
import type { ReturnStatus } from './states/return.ts'
import type { TestBootStatus, TestEndReason } from './states/test-boot.ts'
import type { CarriedView } from './shipment/shipment-wait.ts'
import type { WaitReason } from './waiting.ts'

/** The test boot of a migration in TESTING. */
export type TestView = {
  readonly id: string
  readonly status: TestBootStatus
  readonly expired: boolean
  readonly secondsSinceStart: number
  /** The highest record that the guest had acknowledged before the moment; null: no moment yet. */
  readonly acknowledgedSequence: number | null
}

/** What the source last said of a test. */
export type SourceTestView = { readonly id: string; readonly marked: boolean; readonly problem: string | null }
/** What the target last said of a test. */
export type TargetTestView = {
  readonly id: string
  readonly lost: boolean
  readonly health: string | null
  readonly healthDetail: string | null
  readonly sequenceAtBoot: number | null
  readonly problem: string | null
}

/** What one agent last said about a migration, as far as decisions need it. */
export type SourceView = {
  /** Seconds since the agent was last heard of; null: never. */
  readonly silentSeconds: number | null
  /** Why the agent cannot ask its hypervisor for anything; null: it can. */
  readonly hypervisorProblem: string | null
  readonly attempt: number
  readonly connected: boolean
  readonly backgroundLeftBytes: number
  readonly foregroundLeftBytes: number
  /** Some disk is being compared by hash after its dirty map was lost. */
  readonly comparing: boolean
  /** Every disk has been reported for this migration. */
  readonly reported: boolean
  readonly guestOn: boolean
  readonly stage: string | null
  readonly off: boolean
  readonly finalSynced: boolean
  /** disk key → hash, for the attempt in `attempt`. */
  readonly hashes: Readonly<Record<string, string>> | null
  /** The disks read whole once more after the proof; null: not begun, or by an agent that does not. */
  readonly reread: 'RUNNING' | 'EQUAL' | 'DIFFERENT' | 'FAILED' | null
  readonly acknowledgedSequence: number
  readonly problem: { readonly code: string; readonly message: string } | null
  readonly test: SourceTestView | null
}
export type TargetView = {
  readonly silentSeconds: number | null
  readonly hypervisorProblem: string | null
  readonly attempt: number
  readonly stage: string | null
  readonly freeBytes: number | null
  readonly hashes: Readonly<Record<string, string>> | null
  /** In a return: the VM is off, and the source has all that it wrote. */
  readonly handedBack?: boolean
  readonly shadow: { readonly on: boolean; readonly health: string; readonly healthDetail: string | null; readonly sequenceAtBoot: number | null; readonly wrote: boolean } | null
  readonly problem: { readonly code: string; readonly message: string } | null
  readonly test: TargetTestView | null
}

/**
 * FITS: signed, for the plan as it is, and for now. VOID: not by the portal's key. NOT_YET, LAPSED: it allows no beginning at this moment,
 * though the approvals do; they were judged by another policy, or by other goes, when it was signed.
 */
export type OrderState = 'FITS' | 'MISSING' | 'PLAN_CHANGED' | 'VOID' | 'NOT_YET' | 'LAPSED'

/** A VM that runs at the target since its attempt was COMMITTED. */
export type AfterCommitView = {
  /** Until its validation period ends; 0 and less: it has ended; null: none was agreed on. */
  readonly secondsLeft: number | null
  readonly byDefault: ValidationDefault
  /** A person has accepted the VM. */
  readonly accepted: boolean
  /** The return that is under way; null: none. */
  readonly vmReturn: { readonly status: ReturnStatus; readonly wayBack: boolean; readonly secondsInStatus: number; /** What the target proved to have handed back: disk key → hash. */ readonly handedBack: Readonly<Record<string, string>>; /** Whether each side has reported since this step began: what it said before may be of an earlier return. */ readonly sourceHeard: boolean; readonly targetHeard: boolean } | null
  /** Why the latest return from this attempt was called off; null: none was. */
  readonly calledOff: string | null
}

/** Everything the decision about one migration rests on, read in one transaction. */
export type MigrationView = {
  readonly status: MigrationStatus
  readonly resumeStatus: MigrationStatus | null
  readonly paused: boolean
  /** It begins by itself in its window. */
  readonly automatic: boolean
  readonly diskKeys: readonly string[]
  readonly neededBytes: number
  /** The guest writes faster than the link takes it: as things are, the backlog never ends. */
  readonly diverges: boolean
  readonly source: SourceView
  readonly target: TargetView
  /** Where the wave's present booking stands; null: none that counts. */
  readonly booking: { readonly status: string; readonly window: WindowAnswer } | null
  /** There is none, and the last one ended without this VM. */
  readonly passedWindow: boolean
  /** What all approvals come to; null: not enough have said go, or the wait time is not over. */
  readonly goNoGo: 'GO' | 'NO_GO' | null
  /** What is missing to a go, in words. */
  readonly goNoGoDetail?: string | null
  /** Whether the agents will obey the go: the signed order for this VM and this window. */
  readonly order: OrderState
  readonly attempt: { readonly number: number; readonly status: CutoverStatus; readonly shadowGone: boolean; readonly sourceReturned: boolean; readonly secondsInStatus: number; /** Of the window that it began in; negative: that is over. */ readonly windowLeftSeconds: number } | null
  /** The latest test boot, while it is not over; null: none. */
  readonly test: TestView | null
  /** Whether it is this VM's turn, as the wave agreed on; looked at once everything else is given. */
  readonly turn: TurnAnswer
  readonly limits: { readonly shutdownSeconds: number; readonly refusal: ShutdownRefusal }
  /** The wave's booked test boot, where it is looked at; null or absent: none is booked. */
  readonly bookedTest?: BookedTestView | null
  /** What the wave agreed on for a VM that runs at the target, and where its return stands; absent: accepted at once. */
  readonly afterCommit?: AfterCommitView
  /** The shipment by which this VM travels; null or absent: all of it goes over the wire. */
  readonly shipment?: CarriedView | null
}

/** A test boot that was booked and approved for a window of its own. */
export type BookedTestView = {
  readonly bookingStatus: string
  readonly window: WindowAnswer
  /** What all approvals come to; GO where the customer's policy asks none for tests. */
  readonly goNoGo: 'GO' | 'NO_GO' | null
  /** This VM was tested in that window, whatever came of it: once is what was booked. */
  readonly done: boolean
}

export type Step =
  | { readonly kind: 'WAIT'; readonly reason: WaitReason; readonly detail: string | null }
  | { readonly kind: 'MOVE'; readonly to: MigrationStatus }
  | { readonly kind: 'BLOCK'; readonly reason: WaitReason; readonly detail: string }
  | { readonly kind: 'UNBLOCK'; readonly to: MigrationStatus }
  | { readonly kind: 'BEGIN_ATTEMPT' }
  | { readonly kind: 'ADVANCE_ATTEMPT'; readonly to: CutoverStatus }
  | { readonly kind: 'SHADOW_GONE' }
  | { readonly kind: 'SOURCE_RETURNED' }
  | { readonly kind: 'ROLL_BACK'; readonly code: string; readonly message: string }
  | { readonly kind: 'COMMIT' }
  | { readonly kind: 'ACCEPT' }
  | { readonly kind: 'BEGIN_RETURN' }
  | { readonly kind: 'ADVANCE_RETURN'; readonly to: ReturnStatus }
  | { readonly kind: 'CALL_OFF_RETURN'; readonly code: string; readonly message: string }
  | { readonly kind: 'BEGIN_TEST' }
  | { readonly kind: 'ADVANCE_TEST'; readonly to: TestBootStatus; readonly detail: string | null }
  | { readonly kind: 'END_TEST'; readonly reason: TestEndReason; readonly detail: string | null }
  | { readonly kind: 'TEST_ENDED' }
  | { readonly kind: 'NOTHING' }

/** An agent that has not reported for this long counts as away: six missed reports. */
export const AGENT_AWAY_SECONDS = 30

/** Whether an agent that was last heard of then counts as there. */
export function isInContact(lastContactAt: Date | null, now: Date): boolean {
  return lastContactAt !== null && now.getTime() - lastContactAt.getTime() <= AGENT_AWAY_SECONDS * 1000
}

export function isAway(agent: { readonly silentSeconds: number | null }): boolean {
  return agent.silentSeconds === null || agent.silentSeconds > AGENT_AWAY_SECONDS
}
