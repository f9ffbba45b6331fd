import { wake } from '@driftless/jobs'
import type { Context } from '../context.ts'
import { SWEEP_EVERY_MS, THOROUGH_EVERY_MS, sweep } from './sweep.ts'

const ROLL_UP_EVERY_MS = 60_000
/** Two sweeps missed: the queue or its schedule is gone, so this process sweeps by itself. */
const OVERDUE_MS = 2 * SWEEP_EVERY_MS

/**
 * Keeps the sweep going. The queue's own schedule spreads it over the coordinators; this timer puts the schedule back
 * when the queue was emptied, and sweeps here while no sweep comes through the queue.
 */
export function startHeartbeat(context: Context) {
  const stopping = new AbortController()
  let sweptAtMs = Date.now()
  let thoroughAtMs = 0
  let rolledUpAtMs = 0
  let scheduled = false
  let beating: Promise<void> | null = null

  async function beat(): Promise<void> {
    const nowMs = Date.now()
    if (!scheduled || nowMs - sweptAtMs > OVERDUE_MS) {
      scheduled = await context.queues.schedule('sweep', SWEEP_EVERY_MS).then(() => true, (error: unknown) => {
        context.log.warn({ err: error }, 'the sweep could not be scheduled; this coordinator sweeps by itself')
        return false
      })
    }
    if (nowMs - sweptAtMs > OVERDUE_MS) await run(stopping.signal)
    // What was written in the audit log since the last beat is published; when nothing was, what was published is compared.
    await wake(context.queues, 'anchor-audit-log', {})
    if (nowMs - rolledUpAtMs > ROLL_UP_EVERY_MS) {
      rolledUpAtMs = nowMs
      await wake(context.queues, 'roll-up-telemetry', {})
    }
  }
  async function run(signal: AbortSignal): Promise<void> {
    sweptAtMs = Date.now()
    const thorough = sweptAtMs - thoroughAtMs >= THOROUGH_EVERY_MS
    if (thorough) thoroughAtMs = sweptAtMs
    await sweep(context, thorough, signal)
  }
  function tick(): void {
    beating ??= beat().catch((error: unknown) => context.log.error({ err: error }, 'sweeping failed')).finally(() => (beating = null))
  }
  tick()
  const timer = setInterval(tick, SWEEP_EVERY_MS)
  return {
    /** What the queue's `sweep` job does. */
    sweep: run,
    stop: async () => {
      clearInterval(timer)
      stopping.abort()
      await beating
    },
  }
}
