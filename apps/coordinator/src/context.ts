import { COORDINATOR, inScope } from '@driftless/db'
import type { Db, ScopedTx } from '@driftless/db'
import type { Queues } from '@driftless/jobs'
import type { Logger } from 'pino'

/** What every part of the coordinator works with. */
export type Context = { readonly db: Db; readonly queues: Queues; readonly log: Logger }

/**
 * One transaction of the coordinator itself: it sees every tenant's rows. `address`: of the agent whose call it works on,
 * for what the audit log has in that agent's name.
 */
export function asCoordinator<T>(db: Db, work: (tx: ScopedTx) => Promise<T>, address: string | null = null): Promise<T> {
  return inScope(db, { kind: 'system', actor: address === null ? COORDINATOR : { ...COORDINATOR, address } }, work)
}
