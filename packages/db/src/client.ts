import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './generated/client.ts'

export type Db = PrismaClient

/** A transaction may wait this long for its connection, and run this long: none of ours does more than a few statements. */
const MAX_WAIT_MS = 5_000
const TRANSACTION_TIMEOUT_MS = 15_000

/**
 * A client on `databaseUrl` with its own pool of `connections`. The role in the address decides what
 * can be seen at all: driftless_web only through a scope, driftless_coordinator everything.
 */
export function openDb(databaseUrl: string, connections = 10): Db {
  const adapter = new PrismaPg({ connectionString: databaseUrl, max: connections })
  return new PrismaClient({ adapter, transactionOptions: { maxWait: MAX_WAIT_MS, timeout: TRANSACTION_TIMEOUT_MS } })
}
