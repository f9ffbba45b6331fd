import { PostgresQueueBackend, Queue, Worker, withBackend } from 'bullmq'
import type { JobsOptions, QueueBaseOptions, QueueOptions, WorkerOptions } from 'bullmq'
import { QueueConnection } from './postgres-connection.ts'

/** One queue for all jobs: their handlers are short, and a coordinator then needs one listening connection. */
const QUEUE_NAME = 'driftless'
/** A producer's connection, or a Redis command, must not hang for longer than a wake-up is worth waiting for. */
const CONNECT_TIMEOUT_MS = 2_000

export type JobIds = Readonly<Record<string, string>>

/** What is used of BullMQ's queue, the same on either store. */
export type BackendQueue = {
  add(name: string, data: JobIds, options: JobsOptions): Promise<unknown>
  upsertJobScheduler(id: string, repeat: { every: number }, template: { name: string; data: JobIds; opts: JobsOptions }): Promise<unknown>
  getJobCounts(...states: ('wait' | 'active' | 'delayed')[]): Promise<Record<string, number>>
  obliterate(options: { force: boolean }): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

/** What is used of BullMQ's worker. */
export type BackendWorker = {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'failed', listener: (job: { name: string } | undefined, error: Error) => void): unknown
  waitUntilReady(): Promise<unknown>
  close(): Promise<void>
}

export type Process = (job: { readonly name: string; readonly data: unknown }) => Promise<void>

/** Opens the producing end. `connections` bounds the PostgreSQL pool. Throws for an address of neither store. */
export function openQueue(queueUrl: string, connections: number, options: Omit<QueueOptions, 'connection'>): BackendQueue {
  if (isRedis(queueUrl)) {
    // A producer fails at once while Redis is away; the sweep makes up for it.
    return new Queue(QUEUE_NAME, { ...options, connection: { url: queueUrl, enableOfflineQueue: false, connectTimeout: CONNECT_TIMEOUT_MS, maxRetriesPerRequest: 1 } })
  }
  return new OnPostgres.Queue(QUEUE_NAME, { ...options, connection: { queueUrl, connections } })
}

/** Opens the consuming end and starts it. */
export function openWorker(queueUrl: string, connections: number, process: Process, options: Omit<WorkerOptions, 'connection'>): BackendWorker {
  if (isRedis(queueUrl)) return new Worker(QUEUE_NAME, process, { ...options, connection: { url: queueUrl, maxRetriesPerRequest: null } })
  return new OnPostgres.Worker(QUEUE_NAME, process, { ...options, connection: { queueUrl, connections } })
}

type PostgresSettings = { queueUrl: string; connections: number }

const OnPostgres = withBackend((name: string, options: QueueBaseOptions<PostgresSettings>) => {
  const { queueUrl, connections } = options.connection
  const connection = new QueueConnection(queueUrl, connections, CONNECT_TIMEOUT_MS)
  return new PostgresQueueBackend(connection, name, { ...options, connection: connection.pool })
})

/** Whether the queue is on Redis (which must run with `noeviction`) rather than on PostgreSQL. */
export function isRedis(queueUrl: string): boolean {
  const scheme = new URL(queueUrl).protocol
  if (scheme === 'redis:' || scheme === 'rediss:') return true
  if (scheme === 'postgres:' || scheme === 'postgresql:') return false
  throw new Error(`QUEUE_URL starts with ${scheme}//; use postgres:// or redis://.`)
}
