import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

const row = z.tuple([z.object({ now: z.date() })])

/** The database's clock at this moment, not at the transaction's start: what windows and limits are measured by. */
export async function databaseNow(tx: ScopedTx): Promise<Date> {
  const [{ now }] = row.parse(await tx.db.$queryRaw`SELECT clock_timestamp() AS now`)
  return now
}
