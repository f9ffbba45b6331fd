import { runMigrations } from 'bullmq'
import pg from 'pg'
import { QUEUE_SCHEMA } from './backend.ts'

/** The login roles that add jobs (web) and take them (coordinator). */
const ROLES = ['driftless_web', 'driftless_coordinator'] as const

/**
 * Makes or upgrades BullMQ's own schema `bullmq` and lets the two login roles use it. Run by the database's owner
 * before web and coordinators start, as often as one likes; nothing to do when the queue is on Redis.
 */
export async function prepareQueueSchema(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    await runMigrations(client, QUEUE_SCHEMA)
    const roles = ROLES.join(', ')
    await client.query(`GRANT USAGE ON SCHEMA ${QUEUE_SCHEMA} TO ${roles}`)
    await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${roles}`)
    await client.query(`GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA ${QUEUE_SCHEMA} TO ${roles}`)
    // The follow-up of a job that was woken while it ran is numbered by a sequence that the worker makes.
    await client.query(`GRANT CREATE ON SCHEMA ${QUEUE_SCHEMA} TO driftless_coordinator`)
    await client.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA} TO ${roles}`)
  } finally {
    await client.end()
  }
}
