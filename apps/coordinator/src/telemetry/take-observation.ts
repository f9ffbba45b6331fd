import type { Observation } from '@driftless/agent-api'
import { storeLinkProbes, storeObservedMinutes, storeVmContents } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'

/** Minutes written by one statement, so that no report holds a connection for long. */
const MINUTES_A_STATEMENT = 2_000

/** Stores what an agent has observed. Told again, it changes nothing. */
export async function takeObservation(context: Context, agent: { readonly id: string; readonly siteId: string }, { minutes, contents, probes }: Observation): Promise<void> {
  for (let from = 0; from < minutes.length; from += MINUTES_A_STATEMENT) {
    await asCoordinator(context.db, (tx) => storeObservedMinutes(tx, agent, minutes.slice(from, from + MINUTES_A_STATEMENT)))
  }
  if (contents.length === 0 && probes.length === 0) return
  await asCoordinator(context.db, async (tx) => {
    await storeVmContents(tx, agent, contents)
    await storeLinkProbes(tx, agent, probes)
  })
}
