import { z } from 'zod'

/** One kind of wake-up: what it carries (ids only), and how long its handler may take. */
type Job<S extends z.ZodType<Readonly<Record<string, string>>>> = { readonly schema: S; readonly timeoutMs: number }

function job<S extends z.ZodType<Readonly<Record<string, string>>>>(schema: S, timeoutMs: number): Job<S> {
  return { schema, timeoutMs }
}

/** An id is a UUID or a name of ours; longer is not one. */
const id = z.string().min(1).max(120)
const nothing = z.object({})

/**
 * Every job there is. A job is a wake-up and carries ids only: PostgreSQL holds the truth, a lost job is made again
 * by the sweep, one that arrives twice finds nothing to do. Timeouts exceed the handlers' database limits.
 */
export const JOBS = {
  'drive-migration': job(z.object({ migrationId: id }), 20_000),
  'advance-booking': job(z.object({ bookingId: id }), 20_000),
  'finish-estimate': job(z.object({ estimateId: id }), 20_000),
  'drive-shipment': job(z.object({ shipmentId: id }), 20_000),
  sweep: job(nothing, 30_000),
  'roll-up-telemetry': job(nothing, 60_000),
  'anchor-audit-log': job(nothing, 60_000),
} as const

export type JobName = keyof typeof JOBS
export type JobPayload<N extends JobName> = z.infer<(typeof JOBS)[N]['schema']>

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name)
}

/** Jobs with the same id are one while they wait; while one is active at most one more waits. */
export function deduplicationId(name: JobName, payload: Readonly<Record<string, string>>, lane = ''): string {
  return [name, ...Object.values(payload), ...(lane ? [lane] : [])].join('/')
}
