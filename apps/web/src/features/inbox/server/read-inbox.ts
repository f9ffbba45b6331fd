import { databaseNow, readInboxFacts } from '@driftless/db'
import { inboxOf } from '@driftless/domain'
import { memberProcedure } from '@/server/trpc.ts'

/** What waits on whoever asks, the most pressing first. */
export const readInbox = memberProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const { userId: id, role, tenantId } = ctx.person
    const now = await databaseNow(tx)
    const items = inboxOf({ id, role }, await readInboxFacts(tx, { id, role, tenantId }, now), now.getTime())
    return items.map(({ sinceMs, untilMs, ...item }) => ({ ...item, since: new Date(sinceMs), until: untilMs === null ? null : new Date(untilMs) }))
  }))
