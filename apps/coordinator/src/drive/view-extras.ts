import { hasPassedWindow, orderPlanOf, readBookedTest, readCutoverForecast, readJudgement, readLinkSamples, readReservedBytes, readTurnWave, readWindowEnd } from '@driftless/db'
import type { MigrationFacts, ScopedTx, SiteHistories } from '@driftless/db'
import { CUTOVER_HARMLESS, CUTOVER_OVER, ROLLBACK_RESERVE_SECONDS, convergence, isCarried, turnOf } from '@driftless/domain'
import type { OrderState } from '@driftless/domain'
import { orderStateOf } from '@driftless/orders'
import type { ViewExtras } from './view-of.ts'

/** Answers the costly questions, each only in the states in which its answer is looked at. */
export async function readExtras(tx: ScopedTx, facts: MigrationFacts, sites: SiteHistories, orderPublicKey: string): Promise<ViewExtras> {
  const { migration, attempt, booking, shipment } = facts
  const mayBegin = booking?.status === 'IN_PROGRESS' && (migration.status === 'READY_FOR_CUTOVER' || migration.status === 'REPLICATING')
  const mayStillTurnBack = attempt !== null && CUTOVER_HARMLESS.includes(attempt.status)
  // What travels by device does not outrun the line.
  const carried = shipment !== null && isCarried(shipment.status)
  const replicating = migration.status === 'REPLICATING' || migration.status === 'READY_FOR_CUTOVER' || mayStillTurnBack
  const starting = migration.status === 'READY_TO_REPLICATE' || migration.resumeStatus === 'READY_TO_REPLICATE'
  const forecast = mayBegin || mayStillTurnBack ? await readCutoverForecast(tx, migration, await sites(tx, migration.wave.siteId, facts.now)) : null
  return {
    forecast,
    // What has to be left of the window for this cutover to start: its P90, and going back from its last step after that.
    neededSeconds: forecast === null ? 0 : forecast.total.p90 + ROLLBACK_RESERVE_SECONDS,
    reservedBytes: starting && migration.targetAgentId !== null ? await readReservedBytes(tx, migration.targetAgentId, migration.id) : 0,
    passedWindow: booking === null && migration.status === 'READY_FOR_CUTOVER' ? await hasPassedWindow(tx, migration.waveId) : false,
    attemptEndsAt: attempt !== null && !CUTOVER_OVER.includes(attempt.status) ? await readWindowEnd(tx, attempt.bookingId) : null,
    turn: mayBegin ? turnOf(await readTurnWave(tx, migration.waveId, booking), migration.id, facts.now.getTime()) : { kind: 'BEGIN' },
    convergence: replicating && !carried ? convergence(await readLinkSamples(tx, migration.id, facts.now), migration.notConvergingSince !== null) : null,
    approval: booking !== null && (mayBegin || mayStillTurnBack) ? (await readJudgement(tx, booking)).judgement : null,
    bookedTest: migration.status === 'READY_FOR_CUTOVER' ? ((await readBookedTest(tx, migration.waveId, migration.id))?.view ?? null) : null,
    order: mayStillTurnBack ? orderState(facts, orderPublicKey) : 'FITS',
  }
}

function orderState({ migration, order, now }: MigrationFacts, publicKey: string): OrderState {
  return orderStateOf(order, { migrationId: migration.id, plan: orderPlanOf(migration), powerOffAfterSeconds: migration.wave.shutdownRefusal === 'POWER_OFF' ? migration.wave.shutdownSeconds : null, nowMs: now.getTime() }, publicKey)
}
