import { expireObservation, rollUpTelemetry } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'

/** Half-hours of samples, and pieces of what has expired, in one job; after a week without a coordinator the next jobs go on. */
const MOST_RUNS = 20

/** Turns old samples into minutes and drops those and observed minutes that have expired, a bounded piece in each transaction. */
export async function rollUpTelemetryJob(context: Context, signal: AbortSignal): Promise<void> {
  for (const piece of [rollUpTelemetry, expireObservation]) {
    for (let run = 0; run < MOST_RUNS && !signal.aborted; run += 1) {
      if (!(await asCoordinator(context.db, piece))) break
    }
  }
}
