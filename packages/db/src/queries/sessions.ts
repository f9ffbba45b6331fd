import { FACTORS, policyFor, SECOND_FACTOR_POLICIES, USER_ROLES } from '@driftless/domain'
import { z } from 'zod'
import type { Db } from '../client.ts'
import type { ScopedTx } from '../scope.ts'
import { tokenHash } from '../token-hash.ts'

/** A working day; after it the person signs in again. */
export const SESSION_SECONDS = 8 * 3600
/** A browser that was left alone this long has to sign in again. An open page that shows something under way is not alone. */
export const IDLE_SECONDS = 3600

const policy = z.enum(SECOND_FACTOR_POLICIES)
const row = z.object({
  id: z.string(), user_id: z.string(), email: z.string(), name: z.string(), role: z.enum(USER_ROLES), tenant_id: z.string().nullable(), provider_id: z.string(),
  factors: z.array(z.enum(FACTORS)), authenticated_at: z.date(), expires_at: z.date(),
  staff_second_factor: policy, customers_second_factor: policy, tenant_second_factor: policy.nullable(),
})

/**
 * The live session behind a token, with its person's role, tenant and policy as they are now; null when it was ended, ran out,
 * was left alone, or its person is shut out. `touch`: the person is at it, the idle time begins anew.
 */
export async function findSession(db: Db, token: string, touch: boolean) {
  const rows = z.array(row).max(1).parse(await db.$queryRaw`SELECT * FROM find_session(${tokenHash(token)}, ${IDLE_SECONDS}::int, ${touch})`)
  const found = rows[0]
  if (!found) return null
  return {
    id: found.id, factors: found.factors, authenticatedAt: found.authenticated_at, expiresAt: found.expires_at,
    policy: policyFor({ staff: found.staff_second_factor, customers: found.customers_second_factor, tenant: found.tenant_second_factor }),
    person: { userId: found.user_id, name: found.name, email: found.email, role: found.role, tenantId: found.tenant_id, providerId: found.provider_id },
  }
}

/** As many as anybody has browsers; a person who has more sees the latest. */
const MOST_ROWS = 50

/** A person's live sessions in the scope, the last seen first. */
export async function listSessions(tx: ScopedTx, userId: string, now: Date) {
  return tx.db.portalSession.findMany({
    where: { userId, revokedAt: null, expiresAt: { gt: now }, lastSeenAt: { gt: new Date(now.getTime() - IDLE_SECONDS * 1000) } },
    select: { id: true, createdAt: true, lastSeenAt: true, expiresAt: true, address: true, userAgent: true, factors: true },
    orderBy: { lastSeenAt: 'desc' }, take: MOST_ROWS,
  })
}
