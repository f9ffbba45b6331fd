import { advanceAttempt, advanceTestBoot, beginAttempt, blockMigration, closeTestBoot, endTestBoot, isOthersTurn, lockWave, moveMigration, noteShadowGone, noteSourceReturned, noteWait, rollBackAttempt } from '@driftless/db'
import type { MigrationFacts, ScopedTx } from '@driftless/db'
import type { CutoverStatus, Step, TestBootStatus } from '@driftless/domain'
import { accept } from './accept.ts'
import type { Observed } from './view-of.ts'

/** `moved`: look again, there may be a next step. `waiting`: nothing more to do now. */
export type Applied = 'moved' | 'waiting'

/** Writes one step by the guarded transitions; the caller holds the migration's row. */
export async function applyStep(tx: ScopedTx, step: Step, facts: MigrationFacts, observed: Observed): Promise<Applied> {
  const { migration, now } = facts
  const moved = (owned: boolean): Applied => (owned ? 'moved' : 'waiting')
  switch (step.kind) {
    case 'NOTHING':
      return 'waiting'
    case 'WAIT':
      await noteWait(tx, migration, step.reason, step.detail)
      return 'waiting'
    case 'MOVE':
      return moved(await moveMigration(tx, migration, step.to, step.to === 'READY_FOR_CUTOVER' && migration.readyAt === null ? { readyAt: now } : {}))
    case 'BLOCK':
      return moved(await blockMigration(tx, migration, step.reason, step.detail))
    case 'UNBLOCK':
      return moved(await moveMigration(tx, migration, step.to, { resumeStatus: null }))
    case 'BEGIN_ATTEMPT':
      return begin(tx, facts)
    case 'ADVANCE_ATTEMPT':
      return moved(await advanceAttempt(tx, attemptOf(facts), step.to, now, carriedBy(step.to, observed)))
    case 'SHADOW_GONE':
      return moved(await noteShadowGone(tx, attemptOf(facts), now))
    case 'SOURCE_RETURNED':
      return moved(await noteSourceReturned(tx, attemptOf(facts), now))
    case 'ROLL_BACK':
      return moved(await rollBackAttempt(tx, attemptOf(facts), step.code, step.message))
    case 'COMMIT':
      return moved(await accept(tx, facts, observed, attemptOf(facts)))
    case 'ADVANCE_TEST':
      return moved(await advanceTestBoot(tx, testOf(facts), step.to, step.detail, foundOut(step.to, observed)))
    case 'END_TEST':
      return moved(await endTestBoot(tx, testOf(facts), step.reason, step.detail))
    case 'TEST_ENDED':
      return moved(await closeTestBoot(tx, facts.test && { ...facts.test, migration }, migration, now))
  }
}

/** Whose turn it is was read without a lock; with the wave's row in hand it is asked again before anything begins. */
async function begin(tx: ScopedTx, { migration, booking, attempt, now }: MigrationFacts): Promise<Applied> {
  if (!booking) throw new Error(`Migration ${migration.id} may not begin its cutover: its wave has no booking.`)
  await lockWave(tx, migration.waveId)
  if (await isOthersTurn(tx, migration, booking.id)) {
    await noteWait(tx, migration, 'WAITING_FOR_TURN', null)
    return 'waiting'
  }
  return (await beginAttempt(tx, migration, booking.id, (attempt?.number ?? 0) + 1, now)) ? 'moved' : 'waiting'
}

function attemptOf({ migration, attempt }: MigrationFacts) {
  if (!attempt) throw new Error(`Migration ${migration.id} has no cutover attempt.`)
  return { ...attempt, migration }
}

function testOf({ migration, test }: MigrationFacts) {
  if (!test) throw new Error(`Migration ${migration.id} has no test boot.`)
  return { ...test, migration }
}

/** What a test has come to: the moment that the source marked, or the test VM's word on itself. */
function foundOut(to: TestBootStatus, { source }: Observed) {
  const point = source?.test?.point
  if (to === 'BOOTING' && point) return { pointMoment: BigInt(point.moment), pointAt: new Date(point.takenAtMs), heldMs: point.heldMs, acknowledgedSequence: BigInt(point.acknowledgedSequence) }
  return to === 'HEALTHY' || to === 'BROKEN' ? { outcome: to } : {}
}

/** What was observed on the way and must not change any more: the shadow's check and the evidence rest on it. */
function carriedBy(to: CutoverStatus, { source, target }: Observed) {
  if (to === 'SOURCE_OFF' && source) return { acknowledgedSequence: BigInt(source.guest.acknowledgedSequence), ...(source.guest.lastWriteAtMs === null ? {} : { sourceLastWriteAt: new Date(source.guest.lastWriteAtMs) }) }
  if (to === 'TARGET_BOOTING') return { sourceHashes: source?.hashes ?? [], targetHashes: target?.hashes ?? [] }
  return {}
}
