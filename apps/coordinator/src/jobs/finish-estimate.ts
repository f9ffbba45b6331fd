import { databaseNow, endEstimate, listDueEstimates } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'

/** Ends an observation whose time is up; woken too early, it leaves it alone. */
export async function finishEstimate(context: Context, estimateId: string): Promise<void> {
  const ended = await asCoordinator(context.db, async (tx) => {
    const due = await listDueEstimates(tx, await databaseNow(tx))
    return due.includes(estimateId) && (await endEstimate(tx, estimateId, 'DONE'))
  })
  if (ended) context.log.info({ estimateId }, 'observation ended')
}
