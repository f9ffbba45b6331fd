import { openWorker } from './backend.ts'
import { JOBS, isJobName } from './table.ts'
import type { JobName, JobPayload } from './table.ts'

/** What each job does. `signal` fires when the job's time is up or the workers close in a hurry. */
export type Handlers = { readonly [N in JobName]: (payload: JobPayload<N>, signal: AbortSignal) => Promise<void> }

export type WorkersOptions = { readonly concurrency?: number; readonly onError: (error: Error, name: string | null) => void }

/** Handlers wait for PostgreSQL, not for this process; more at once only queue up in its pool. */
const CONCURRENCY = 8
/** A killed coordinator's jobs are taken over after this long; handlers that run longer renew it by themselves. */
const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
/** A job lost with its worker this often is not the worker's fault; the sweep makes a new one anyway. */
const MOST_STALLS = 5

/** Consumes jobs until `close`, which waits for those running. Payloads that their schema refuses fail, with the name. */
export async function openWorkers(queueUrl: string, handlers: Handlers, options: WorkersOptions): Promise<{ close: () => Promise<void> }> {
  const concurrency = options.concurrency ?? CONCURRENCY
  const worker = openWorker(
    queueUrl,
    concurrency + 2,
    async (job) => {
      if (!isJobName(job.name)) throw new Error(`There is no job ${job.name}; it was queued by another version.`)
      await runWithTimeout(job.name, (signal) => dispatch(handlers, job.name, job.data, signal))
    },
    { concurrency, lockDuration: LOCK_MS, stalledInterval: STALLED_CHECK_MS, maxStalledCount: MOST_STALLS, removeOnComplete: { count: 0 } },
  )
  worker.on('error', (error) => options.onError(error, null))
  worker.on('failed', (job, error) => options.onError(error, job?.name ?? null))
  await worker.waitUntilReady()
  return { close: () => worker.close() }
}

async function dispatch(handlers: Handlers, name: string, data: unknown, signal: AbortSignal): Promise<void> {
  switch (name) {
    case 'drive-migration':
      return handlers[name](JOBS[name].schema.parse(data), signal)
    case 'advance-booking':
      return handlers[name](JOBS[name].schema.parse(data), signal)
    case 'finish-estimate':
      return handlers[name](JOBS[name].schema.parse(data), signal)
    case 'drive-shipment':
      return handlers[name](JOBS[name].schema.parse(data), signal)
    case 'sweep':
    case 'roll-up-telemetry':
    case 'anchor-audit-log':
      return handlers[name]({}, signal)
  }
}

async function runWithTimeout(name: JobName, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { timeoutMs } = JOBS[name]
  const control = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`${name} took longer than ${timeoutMs} ms.`)
      control.abort(error)
      reject(error)
    }, timeoutMs)
  })
  const work = run(control.signal)
  work.catch(() => {})
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
