import { runMigrations } from 'bullmq'
import pg from 'pg'
import { isRedis } from './backend.ts'
import { QUEUE_SCHEMA } from './postgres-connection.ts'

/**
 * Makes or upgrades BullMQ's own schema `queue`; on Redis there is none and nothing is done. Coordinators call it at
 * every start, several at once if need be. The role in `queueUrl` owns the schema: web and coordinators both log in
 * with it, and it needs CREATE on the database and no right on any of our tables.
 */
export async function prepareQueueSchema(queueUrl: string): Promise<void> {
  if (isRedis(queueUrl)) return
  const client = new pg.Client({ connectionString: queueUrl })
  await client.connect()
  try {
    await runMigrations(client, QUEUE_SCHEMA)
  } finally {
    await client.end()
  }
}
