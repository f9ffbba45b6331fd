import { openQueue } from './backend.ts'
import { JOBS, deduplicationId } from './table.ts'
import type { JobName, JobPayload } from './table.ts'

/** Longest a caller waits for the queue: a request of a person must not hang because a queue does. */
export const WAKE_TIMEOUT_MS = 2_000
/** Failed jobs kept for a person to look at; the sweep has replaced them long since. */
const KEEP_FAILED = 100
/** Connections of a producer: wake-ups are single short statements. */
const PRODUCER_CONNECTIONS = 3

export type WakeOptions = {
  readonly delayMs?: number
  /** Wake-ups of different lanes do not replace one another: the sweep's get past a job whose worker was killed. */
  readonly lane?: string
}

export type Queues = {
  readonly add: (name: JobName, payload: Readonly<Record<string, string>>, options: WakeOptions) => Promise<void>
  /** Runs `name` every `everyMs` on whichever coordinator is free, however many ask for it. */
  readonly schedule: (name: JobName, everyMs: number) => Promise<void>
  /** Jobs waiting or running. */
  readonly pending: () => Promise<number>
  /** Throws everything away; for tests and for a person with a broken queue. */
  readonly empty: () => Promise<void>
  readonly onError: (error: Error) => void
  readonly close: () => Promise<void>
}

/** The producing end, for web and coordinator. `onError` hears of lost connections and of wake-ups that failed. */
export function openQueues(queueUrl: string, onError: (error: Error) => void = () => {}): Queues {
  const queue = openQueue(queueUrl, PRODUCER_CONNECTIONS, { defaultJobOptions: { removeOnComplete: true, removeOnFail: KEEP_FAILED }, streams: { events: { maxLen: 100 } } })
  queue.on('error', onError)
  return {
    add: async (name, payload, options) => {
      await queue.add(name, payload, {
        deduplication: { id: deduplicationId(name, payload, options.lane), keepLastIfActive: true },
        ...(options.delayMs ? { delay: options.delayMs } : {}),
      })
    },
    schedule: async (name, everyMs) => {
      await queue.upsertJobScheduler(name, { every: everyMs }, { name, data: {}, opts: { removeOnComplete: true, removeOnFail: KEEP_FAILED } })
    },
    pending: async () => Object.values(await queue.getJobCounts('wait', 'active')).reduce((sum, count) => sum + count, 0),
    empty: () => queue.obliterate({ force: true }),
    onError,
    close: () => queue.close(),
  }
}

/**
 * Wakes the job `name`. Never throws and never takes longer than `WAKE_TIMEOUT_MS`: answers whether it was queued. What
 * the job is about must be committed already; when this answers false, the sweep finds it within seconds.
 */
export async function wake<N extends JobName>(queues: Queues, name: N, payload: JobPayload<N>, options: WakeOptions = {}): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  try {
    const ids = JOBS[name].schema.parse(payload)
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The queue did not take ${name} within ${WAKE_TIMEOUT_MS} ms; the sweep will.`)), WAKE_TIMEOUT_MS)
    })
    const added = queues.add(name, ids, options)
    added.catch(() => {})
    await Promise.race([added, late])
    return true
  } catch (error) {
    queues.onError(error instanceof Error ? error : new Error(String(error)))
    return false
  } finally {
    clearTimeout(timer)
  }
}
