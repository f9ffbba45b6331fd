import { advanceAttempt, advanceReturn, advanceTestBoot, beginAttempt, blockMigration, callOffReturn, closeTestBoot, endTestBoot, lockWave, moveMigration, noteShadowGone, noteSourceReturned, noteWait, readBookedTest, readTurnWave, rollBackAttempt, startTestBoot } from '@driftless/db'
import type { MigrationFacts, ScopedTx } from '@driftless/db'
import { turnOf } from '@driftless/domain'
import type { CutoverForecast, CutoverStatus, ReturnStatus, Step, TestBootStatus } from '@driftless/domain'
import { accept } from './accept.ts'
import { beginAgreedReturn } from './agreed-return.ts'
import { commit } from './commit.ts'
import { keepEvidence } from './keep-evidence.ts'
import { keepCopyOutcome } from './keep-outcome.ts'
import type { Observed } from './view-of.ts'

/** `moved`: look again, there may be a next step. `waiting`: nothing more to do now. */
export type Applied = 'moved' | 'waiting'

/** Writes one step by the guarded transitions; the caller holds the migration's row. `forecast`: what an attempt that begins is expected to take. */
export async function applyStep(tx: ScopedTx, step: Step, facts: MigrationFacts, observed: Observed, forecast: CutoverForecast | null): Promise<Applied> {
  const { migration, now } = facts
  const moved = (owned: boolean): Applied => (owned ? 'moved' : 'waiting')
  switch (step.kind) {
    case 'NOTHING':
      return 'waiting'
    case 'WAIT':
      await noteWait(tx, migration, step.reason, step.detail)
      return 'waiting'
    case 'MOVE':
      return moved(step.to === 'READY_FOR_CUTOVER' && migration.readyAt === null ? await becomeReady(tx, facts) : await moveMigration(tx, migration, step.to))
    case 'BLOCK':
      return moved(await blockMigration(tx, migration, step.reason, step.detail))
    case 'UNBLOCK':
      return moved(await moveMigration(tx, migration, step.to, { resumeStatus: null }))
    case 'BEGIN_ATTEMPT':
      return begin(tx, facts, forecast)
    case 'ADVANCE_ATTEMPT':
      return moved(await advanceAttempt(tx, attemptOf(facts), step.to, now, carriedBy(step.to, observed)))
    case 'SHADOW_GONE':
      return moved(await noteShadowGone(tx, attemptOf(facts), now))
    case 'SOURCE_RETURNED':
      return moved(await noteSourceReturned(tx, attemptOf(facts), now))
    case 'ROLL_BACK':
      return moved(await rollBackAttempt(tx, attemptOf(facts), step.code, step.message))
    case 'COMMIT':
      return moved(await commit(tx, facts, observed, attemptOf(facts)))
    case 'ACCEPT':
      return moved(await accept(tx, facts, attemptOf(facts)))
    case 'BEGIN_RETURN':
      return moved(await beginAgreedReturn(tx, facts, attemptOf(facts)))
    case 'ADVANCE_RETURN':
      return moved(await returned(tx, step.to, facts, observed))
    case 'CALL_OFF_RETURN':
      return moved(await callOffReturn(tx, returnOf(facts), step.code, step.message, now))
    case 'BEGIN_TEST':
      return beginTest(tx, facts)
    case 'ADVANCE_TEST':
      return moved(await advanceTestBoot(tx, testOf(facts), step.to, step.detail, foundOut(step.to, observed)))
    case 'END_TEST':
      return moved(await endTestBoot(tx, testOf(facts), step.reason, step.detail))
    case 'TEST_ENDED':
      return moved(await closeTestBoot(tx, facts.test && { ...facts.test, migration }, migration, now))
  }
}

/** For the first time identical with its replica: beside that stands what had been expected. */
async function becomeReady(tx: ScopedTx, facts: MigrationFacts): Promise<boolean> {
  if (!(await moveMigration(tx, facts.migration, 'READY_FOR_CUTOVER', { readyAt: facts.now }))) return false
  await keepCopyOutcome(tx, facts)
  return true
}

/** Whose turn it is was read without a lock; with the wave's row in hand it is asked again before anything begins. */
async function begin(tx: ScopedTx, { migration, booking, attempt, now }: MigrationFacts, forecast: CutoverForecast | null): Promise<Applied> {
  if (!booking) throw new Error(`Migration ${migration.id} may not begin its cutover: its wave has no booking.`)
  await lockWave(tx, migration.waveId)
  const turn = turnOf(await readTurnWave(tx, migration.waveId, booking), migration.id, now.getTime())
  if (turn.kind === 'WAIT') {
    await noteWait(tx, migration, turn.reason, turn.detail)
    return 'waiting'
  }
  return (await beginAttempt(tx, migration, booking.id, (attempt?.number ?? 0) + 1, now, forecast)) ? 'moved' : 'waiting'
}

/** The test that was booked: until its window ends. */
async function beginTest(tx: ScopedTx, { migration, now }: MigrationFacts): Promise<Applied> {
  const booked = await readBookedTest(tx, migration.waveId, migration.id)
  if (!booked) return 'waiting'
  await startTestBoot(tx, migration.id, booked.booking.endsAt, now)
  return 'moved'
}

function attemptOf({ migration, attempt }: MigrationFacts) {
  if (!attempt) throw new Error(`Migration ${migration.id} has no cutover attempt.`)
  return { ...attempt, migration }
}

function returnOf({ migration, vmReturn }: MigrationFacts) {
  if (!vmReturn) throw new Error(`Migration ${migration.id} has no return.`)
  return { ...vmReturn, migration }
}

/** Moves a return on; the VM that is back has its evidence. */
async function returned(tx: ScopedTx, to: ReturnStatus, facts: MigrationFacts, observed: Observed): Promise<boolean> {
  if (!(await advanceReturn(tx, returnOf(facts), to, facts.now, provenBy(to, observed)))) return false
  if (to === 'RETURNED') await keepEvidence(tx, facts.migration)
  return true
}

/** What both sides proved of a return: agents may be restarted, and forget it. */
function provenBy(to: ReturnStatus, { source, target }: Observed) {
  if (to === 'PROVING') return { targetHashes: target?.hashes ?? [] }
  return to === 'REMOVING_SHADOW' ? { sourceHashes: source?.hashes ?? [] } : {}
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
  if (to === 'SOURCE_OFF' && source) return { ...(source.poweredOff ? { poweredOffAt: new Date(source.poweredOff.atMs), poweredOffBy: source.poweredOff.agreedBy } : {}), acknowledgedSequence: BigInt(source.guest.acknowledgedSequence), ...(source.guest.lastWriteAtMs === null ? {} : { sourceLastWriteAt: new Date(source.guest.lastWriteAtMs) }) }
  if (to === 'TARGET_BOOTING') return { sourceHashes: source?.hashes ?? [], targetHashes: target?.hashes ?? [] }
  return {}
}
