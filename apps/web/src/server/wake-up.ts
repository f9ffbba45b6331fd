import 'server-only'
import { openQueues, wake } from '@driftless/jobs'
import type { JobName, JobPayload, Queues } from '@driftless/jobs'
import { env } from '../env.ts'
import { log } from './log.ts'

let opened: Queues | undefined

/**
 * Tells the coordinator that there is something to look at, after the commit. Never fails the request: PostgreSQL holds
 * the intent, and the sweep finds what a lost wake-up was about.
 */
export async function wakeUp<N extends JobName>(name: N, payload: JobPayload<N>): Promise<void> {
  opened ??= openQueues(env().QUEUE_URL, (error) => log().warn({ err: error }, 'a wake-up was not queued; the sweep will find it'))
  await wake(opened, name, payload)
}

/** Wakes every one of these migrations. */
export async function wakeMigrations(ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((migrationId) => wakeUp('drive-migration', { migrationId })))
}
