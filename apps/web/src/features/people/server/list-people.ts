import { listOpenInvitations, listPeople as list, readSecondFactorPolicies } from '@driftless/db'
import { may } from '@driftless/domain'
import { hasMail } from '@/server/mail.ts'
import { memberProcedure } from '@/server/trpc.ts'

/**
 * The people of one's organisation; for the provider's staff, of its customers too. `invitations`: those that are open;
 * `mine`: whether the caller may change somebody; `customers`: whom people can be invited to, for those who may.
 */
export const listPeople = memberProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const { person } = ctx
    const { providerName, customers } = await readSecondFactorPolicies(tx, person.providerId)
    const names = new Map((await tx.db.tenant.findMany({ select: { id: true, name: true } })).map((tenant) => [tenant.id, tenant.name]))
    const organisation = (tenantId: string | null) => (tenantId === null ? providerName : (names.get(tenantId) ?? ''))
    const mayManage = may(person.role, 'manage-people')
    const now = Date.now()
    return {
      people: (await list(tx)).map(({ tenantId, deactivatedAt, lastSession, signOnLastUsedAt, hasPassword, ...one }) => ({
        ...one, tenantId, organisation: organisation(tenantId), deactivated: deactivatedAt !== null, me: one.id === person.userId,
        mine: mayManage && one.id !== person.userId,
        lastSignInAt: lastSession?.at ?? null, lastFactors: lastSession?.factors ?? [], hasPassword, hasSignOn: signOnLastUsedAt !== null,
      })),
      invitations: (await listOpenInvitations(tx)).map(({ tenantId, expiresAt, ...one }) => ({ ...one, tenantId, organisation: organisation(tenantId), expiresAt, expired: expiresAt.getTime() <= now, mine: mayManage })),
      customers: mayManage ? customers.map(({ id, name }) => ({ id, name })) : [],
      providerName, mailed: hasMail(),
    }
  }))
