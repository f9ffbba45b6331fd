import pg from 'pg'

/** A count is one short statement; two connections carry a thousand a second. */
const CONNECTIONS = 2

/** An answer that takes longer is none: whoever asks then refuses. */
const PATIENCE_MS = 2_000

/** The counts shared by all programs, in the table `rate_limit` whose columns are those of rate-limiter-flexible's PostgreSQL store. */
export type RateLimitStore = { readonly pool: pg.Pool; readonly table: string; readonly close: () => Promise<void> }

/** Opens it with connections of its own. Nothing is asked yet; a store that is away rejects each question, within seconds. */
export function openRateLimitStore(databaseUrl: string): RateLimitStore {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS, connectionTimeoutMillis: PATIENCE_MS, query_timeout: PATIENCE_MS, statement_timeout: PATIENCE_MS, application_name: 'driftless-limits' })
  pool.on('error', () => {}) // an idle connection has died: the next question opens another, or rejects
  return { pool, table: 'rate_limit', close: () => pool.end() }
}
