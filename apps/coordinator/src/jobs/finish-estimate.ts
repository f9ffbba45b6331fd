import { databaseNow, endEstimate, listDueEstimates, readEstimateQuestion, readWaveFacts } from '@driftless/db'
import { forecastWave } from '@driftless/domain'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'

/** Ends an observation whose time is up, and keeps what it estimates; woken too early, it leaves it alone. The simulation runs outside of the transactions. */
export async function finishEstimate(context: Context, estimateId: string): Promise<void> {
  const due = await asCoordinator(context.db, async (tx) => {
    const now = await databaseNow(tx)
    if (!(await listDueEstimates(tx, now)).includes(estimateId)) return null
    const question = await readEstimateQuestion(tx, estimateId, now)
    return question && { now, facts: await readWaveFacts(tx, question, now) }
  })
  if (due === null) return
  const { now, facts } = due
  const kept = facts && { ...facts, forecast: forecastWave(facts.input) }
  const ended = await asCoordinator(context.db, (tx) => endEstimate(tx, estimateId, 'DONE', now, kept))
  if (ended) context.log.info({ estimateId }, 'observation ended')
}
