import type { WindowAnswer } from './service-window.ts'
import type { CutoverStatus } from './states/cutover.ts'
import type { MigrationStatus } from './states/migration.ts'
import type { TestBootStatus, TestEndReason } from './states/test-boot.ts'
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
  readonly shadow: { readonly on: boolean; readonly health: string; readonly healthDetail: string | null; readonly sequenceAtBoot: number | null; readonly wrote: boolean } | null
  readonly problem: { readonly code: string; readonly message: string } | null
  readonly test: TargetTestView | null
}

/** FITS: signed, and for the plan as it is. VOID: not by the portal's key. */
export type OrderState = 'FITS' | 'MISSING' | 'PLAN_CHANGED' | 'VOID'

/** Everything the decision about one migration rests on, read in one transaction. */
export type MigrationView = {
  readonly status: MigrationStatus
  readonly resumeStatus: MigrationStatus | null
  readonly paused: boolean
  readonly automatic: boolean
  readonly cutoverRequested: boolean
  readonly diskKeys: readonly string[]
  readonly neededBytes: number
  /** The guest writes faster than the link takes it: as things are, the backlog never ends. */
  readonly diverges: boolean
  readonly source: SourceView
  readonly target: TargetView
  /** Where the wave's present booking stands; null: none that counts. */
  readonly booking: { readonly status: string; readonly window: WindowAnswer } | null
  readonly goNoGo: 'GO' | 'NO_GO' | null
  /** Whether the agents will obey the go: the signed order for this VM and this window. */
  readonly order: OrderState
  readonly attempt: { readonly number: number; readonly status: CutoverStatus; readonly shadowGone: boolean; readonly sourceReturned: boolean; readonly secondsInStatus: number; readonly inPresentBooking: boolean } | null
  /** The latest test boot, while it is not over; null: none. */
  readonly test: TestView | null
  /** Another VM of the wave is in its cutover, or is first in turn. */
  readonly othersTurn: boolean
  readonly limits: { readonly shutdownSeconds: number }
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
