import { PostgresConnection, isPgPool } from 'bullmq'
import pg from 'pg'

/** Where BullMQ keeps its tables, apart from ours. */
export const QUEUE_SCHEMA = 'queue'

/**
 * A lost connection is told by the query that was on it, or by its pool. Between two queries, and once BullMQ lets go of one,
 * nobody listens, and Node ends a process whose error nobody hears.
 */
class HeardClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    this.on('error', () => {})
  }

  override removeAllListeners(event?: string | symbol): this {
    return super.removeAllListeners(event).on('error', () => {})
  }
}

/** BullMQ's connection to PostgreSQL over a pool of ours: whatever the server ends, and when, it is told and never thrown. */
export class QueueConnection extends PostgresConnection {
  override readonly schema = QUEUE_SCHEMA
  #ending: Promise<void> | null = null

  /** `connections` bounds the pool, which holds the one that listens for jobs as well. */
  constructor(connectionString: string, connections: number, connectTimeoutMs: number) {
    const pool: unknown = new pg.Pool({ connectionString, max: connections, Client: HeardClient, keepAlive: true, connectionTimeoutMillis: connectTimeoutMs, application_name: 'driftless-queue', options: `-c search_path=${QUEUE_SCHEMA}` })
    if (!isPgPool(pool)) throw new Error('BullMQ does not take the pool of this version of pg.')
    super(pool)
  }

  override close(): Promise<void> {
    this.#ending ??= super.close().then(() => this.pool.end())
    return this.#ending
  }
}
