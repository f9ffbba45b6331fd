import { sourceObserved, targetObserved } from '@driftless/agent-api'
import type { DiskHash, SourceObserved, TargetObserved } from '@driftless/agent-api'
import { hypervisorOf } from '@driftless/db'
import type { MigrationFacts } from '@driftless/db'
import { windowAt } from '@driftless/domain'
import type { Convergence, MigrationView, OrderState, SourceView, TargetView } from '@driftless/domain'

/** What a view needs beside the stored facts: asked for only where it decides something. */
export type ViewExtras = {
  readonly neededSeconds: number
  readonly reservedBytes: number
  readonly othersTurn: boolean
  /** Null: not looked at, or nothing can be said. */
  readonly convergence: Convergence | null
  readonly order: OrderState
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
    automatic: migration.wave.cutoverMode === 'AUTOMATIC',
    cutoverRequested: migration.cutoverRequestedAt !== null,
    diskKeys,
    neededBytes: sizeBytes + extras.reservedBytes,
    diverges: extras.convergence?.converges === false,
    source: sourceView(facts, source, diskKeys),
    target: targetView(facts, target),
    booking: booking && {
      status: booking.status,
      window: windowAt({ startsAtMs: booking.startsAt.getTime(), endsAtMs: booking.endsAt.getTime(), lockoutAtMs: booking.lockoutAt.getTime() }, now.getTime(), extras.neededSeconds),
    },
    goNoGo: facts.goNoGo?.decision ?? null,
    order: extras.order,
    attempt: attempt && {
      number: attempt.number, status: attempt.status, shadowGone: attempt.shadowGoneAt !== null, sourceReturned: attempt.sourceReturnedAt !== null,
      secondsInStatus: (now.getTime() - attempt.statusChangedAt.getTime()) / 1000, inPresentBooking: attempt.bookingId === booking?.id,
    },
    test: facts.test && {
      id: facts.test.id, status: facts.test.status, expired: facts.test.expiresAt <= now, secondsSinceStart: (now.getTime() - facts.test.startedAt.getTime()) / 1000,
      acknowledgedSequence: facts.test.acknowledgedSequence === null ? null : Number(facts.test.acknowledgedSequence),
    },
    othersTurn: extras.othersTurn,
    limits: { shutdownSeconds: migration.wave.shutdownSeconds },
  }
}

function silentSeconds(now: Date, agent: { readonly lastContactAt: Date | null } | null): number | null {
  return agent?.lastContactAt ? Math.max(0, (now.getTime() - agent.lastContactAt.getTime()) / 1000) : null
}

function sourceView(facts: MigrationFacts, observed: SourceObserved | null, diskKeys: readonly string[]): SourceView {
  const disks = observed?.disks ?? []
  // A disk that is only being opened has counted nothing yet: its zeroes do not mean "done".
  const counted = new Set(disks.filter((disk) => disk.status !== 'INITIATING' && disk.status !== 'STOPPED').map((disk) => disk.key))
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
    hashes: observed?.stage === 'FINAL' ? hashesByKey(observed.hashes) : null,
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
