import type { TelemetrySample } from '@driftless/agent-api'
import { storeSamples } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'

/** Samples written by one statement: about 10 ms of work, so that no report holds a connection for long. */
const SAMPLES_A_STATEMENT = 2_000

/** Stores a report's samples. Sent again, they change nothing: a sample is known by its VM and its instant. */
export async function takeSamples(context: Context, agent: { readonly id: string; readonly siteId: string }, samples: readonly TelemetrySample[]): Promise<void> {
  for (let from = 0; from < samples.length; from += SAMPLES_A_STATEMENT) {
    const page = samples.slice(from, from + SAMPLES_A_STATEMENT)
    await asCoordinator(context.db, (tx) => storeSamples(tx, agent, page))
  }
}
