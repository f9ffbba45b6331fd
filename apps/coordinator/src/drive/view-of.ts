import { diskHash, sourceObserved, targetObserved } from '@driftless/agent-api'
import type { DiskHash, SourceObserved, TargetObserved } from '@driftless/agent-api'
import { carriedViewOf, hypervisorOf } from '@driftless/db'
import type { MigrationFacts } from '@driftless/db'
import { isReturnOver, serviceWindowOf, whatIsMissing, windowAt } from '@driftless/domain'
import type { AfterCommitView, BookedTestView, Convergence, CutoverForecast, Judgement, MigrationView, OrderState, SourceView, TargetView, TurnAnswer } from '@driftless/domain'
import { z } from 'zod'

/** What a view needs beside the stored facts: asked for only where it decides something. */
export type ViewExtras = {
  readonly neededSeconds: number
  /** What a cutover that begins now would take; null: none may. */
  readonly forecast: CutoverForecast | null
  readonly reservedBytes: number
  /** There is no booking, and the last one ended without this VM. */
  readonly passedWindow: boolean
  /** When the window ends that the attempt under way began in, whatever became of its booking; null: none is under way. */
  readonly attemptEndsAt: Date | null
  readonly turn: TurnAnswer
  /** Null: not looked at, or nothing can be said. */
  readonly convergence: Convergence | null
  /** What all approvals of the present booking come to; null: not looked at. */
  readonly approval: Judgement | null
  readonly order: OrderState
  /** Null: none is booked, or it is not looked at. */
  readonly bookedTest: BookedTestView | null
}

/** What the agents last said, parsed again; null: never, or in words of another protocol. */
export type Observed = { readonly source: SourceObserved | null; readonly target: TargetObserved | null }

export function observedOf(facts: MigrationFacts): Observed {
  return {
    source: sourceObserved.safeParse(facts.migration.sourceObserved).data ?? null,
    target: targetObserved.safeParse(facts.migration.targetObserved).data ?? null,
  }
}

/** The decision's view of stored facts and observed states. Pure. */
export function viewOf(facts: MigrationFacts, { source, target }: Observed, extras: ViewExtras): MigrationView {
  const { migration, attempt, booking, now } = facts
  const diskKeys = migration.replications.map((disk) => disk.diskKey)
  const sizeBytes = migration.replications.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0)
  return {
    status: migration.status,
    resumeStatus: migration.resumeStatus,
    paused: migration.wave.paused,
    automatic: migration.wave.cutoverMode !== 'MANUAL',
    diskKeys,
    neededBytes: sizeBytes + extras.reservedBytes,
    diverges: extras.convergence?.converges === false,
    source: sourceView(facts, source, diskKeys),
    target: targetView(facts, target),
    booking: booking && {
      status: booking.status,
      window: windowAt(serviceWindowOf(booking), now.getTime(), extras.neededSeconds),
    },
    passedWindow: extras.passedWindow,
    goNoGo: extras.approval === null || extras.approval.verdict === 'WAITING' ? null : extras.approval.verdict,
    goNoGoDetail: extras.approval && whatIsMissing(extras.approval),
    order: extras.order,
    bookedTest: extras.bookedTest,
    attempt: attempt && {
      number: attempt.number, status: attempt.status, shadowGone: attempt.shadowGoneAt !== null, sourceReturned: attempt.sourceReturnedAt !== null,
      secondsInStatus: (now.getTime() - attempt.statusChangedAt.getTime()) / 1000,
      // Without its booking, nothing is left of its window.
      windowLeftSeconds: extras.attemptEndsAt === null ? 0 : (extras.attemptEndsAt.getTime() - now.getTime()) / 1000,
    },
    test: facts.test && {
      id: facts.test.id, status: facts.test.status, expired: facts.test.expiresAt <= now, secondsSinceStart: (now.getTime() - facts.test.startedAt.getTime()) / 1000,
      acknowledgedSequence: facts.test.acknowledgedSequence === null ? null : Number(facts.test.acknowledgedSequence),
    },
    turn: extras.turn,
    limits: { shutdownSeconds: migration.wave.shutdownSeconds, refusal: migration.wave.shutdownRefusal },
    afterCommit: afterCommitView(facts),
    shipment: carriedViewOf(facts.shipment, migration, facts.now),
  }
}

function afterCommitView({ migration, attempt, vmReturn, now }: MigrationFacts): AfterCommitView {
  const ofAttempt = vmReturn !== null && vmReturn.attempt === attempt?.number ? vmReturn : null
  const under = ofAttempt !== null && !isReturnOver(ofAttempt.status)
  return {
    secondsLeft: migration.validationEndsAt === null ? null : (migration.validationEndsAt.getTime() - now.getTime()) / 1000,
    byDefault: migration.wave.validationDefault,
    accepted: migration.acceptAskedAt !== null,
    vmReturn: under ? {
      status: ofAttempt.status, wayBack: ofAttempt.wayBack, secondsInStatus: (now.getTime() - ofAttempt.statusChangedAt.getTime()) / 1000, handedBack: hashesByKey(z.array(diskHash).nullable().parse(ofAttempt.targetHashes)) ?? {},
      sourceHeard: isSince(migration.sourceObservedAt, ofAttempt.statusChangedAt), targetHeard: isSince(migration.targetObservedAt, ofAttempt.statusChangedAt),
    } : null,
    calledOff: ofAttempt?.status === 'CALLED_OFF' ? (ofAttempt.failureMessage ?? ofAttempt.failureCode) : null,
  }
}

const isSince = (at: Date | null, begin: Date): boolean => at !== null && at >= begin

function silentSeconds(now: Date, agent: { readonly lastContactAt: Date | null } | null): number | null {
  return agent?.lastContactAt ? Math.max(0, (now.getTime() - agent.lastContactAt.getTime()) / 1000) : null
}

function sourceView(facts: MigrationFacts, observed: SourceObserved | null, diskKeys: readonly string[]): SourceView {
  const disks = observed?.disks ?? []
  // A disk that is only being opened has counted nothing yet, and one that travels is not here: their zeroes do not mean "done".
  const counted = new Set(disks.filter((disk) => disk.status !== 'INITIATING' && disk.status !== 'STOPPED' && disk.status !== 'SEEDING').map((disk) => disk.key))
  return {
    silentSeconds: silentSeconds(facts.now, facts.sourceAgent),
    hypervisorProblem: hypervisorOf(facts.sourceAgent?.hypervisor)?.problem?.message ?? null,
    attempt: observed?.attempt ?? 0,
    connected: observed?.connected ?? false,
    backgroundLeftBytes: disks.reduce((sum, disk) => sum + Math.max(0, disk.backgroundTotalBytes - disk.backgroundDoneBytes), 0),
    foregroundLeftBytes: disks.reduce((sum, disk) => sum + disk.foregroundLeftBytes, 0),
    comparing: disks.some((disk) => disk.status === 'RESYNC'),
    reported: observed !== null && diskKeys.length > 0 && diskKeys.every((key) => counted.has(key)),
    guestOn: observed?.guest.power === 'ON',
    stage: observed?.stage ?? null,
    off: observed?.stage === 'FINAL' && observed.sourceOffAtMs !== null,
    finalSynced: observed?.stage === 'FINAL' && observed.finalSyncAtMs !== null,
    hashes: observed?.stage === 'FINAL' || observed?.stage === 'TAKE_BACK' ? hashesByKey(observed.hashes) : null,
    reread: observed?.stage === 'FINAL' ? (observed.reread ?? null) : null,
    acknowledgedSequence: Number(facts.attempt?.acknowledgedSequence ?? observed?.guest.acknowledgedSequence ?? 0),
    problem: observed?.problem ?? null,
    test: observed?.test ? { id: observed.test.id, marked: observed.test.point !== null, problem: observed.test.problem?.message ?? null } : null,
  }
}

function targetView(facts: MigrationFacts, observed: TargetObserved | null): TargetView {
  const shadow = observed?.shadow ?? null
  return {
    silentSeconds: silentSeconds(facts.now, facts.targetAgent),
    hypervisorProblem: hypervisorOf(facts.targetAgent?.hypervisor)?.problem?.message ?? null,
    attempt: observed?.attempt ?? 0,
    stage: observed?.stage ?? null,
    freeBytes: facts.targetAgent?.freeBytes === null || facts.targetAgent === null ? null : Number(facts.targetAgent.freeBytes),
    hashes: hashesByKey(observed?.hashes ?? null),
    handedBack: observed?.stage === 'HAND_BACK' && observed.wayBack?.finalSyncAtMs != null,
    shadow: shadow && { on: shadow.power === 'ON', health: shadow.health, healthDetail: shadow.healthDetail, sequenceAtBoot: shadow.sequenceAtBoot, wrote: shadow.firstWriteAtMs !== null },
    problem: observed?.problem ?? null,
    test: targetTestView(observed),
  }
}

function targetTestView(observed: TargetObserved | null): TargetView['test'] {
  if (!observed?.test) return null
  const { id, state, guest, problem } = observed.test
  return { id, lost: state === 'LOST', health: guest?.health ?? null, healthDetail: guest?.healthDetail ?? null, sequenceAtBoot: guest?.sequenceAtBoot ?? null, problem: problem?.message ?? null }
}

function hashesByKey(hashes: readonly DiskHash[] | null): Readonly<Record<string, string>> | null {
  return hashes && Object.fromEntries(hashes.map(({ key, hash }) => [key, hash]))
}
