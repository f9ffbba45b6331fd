import { listSignOns as list, readSecondFactorPolicies, signOnIdOf } from '@driftless/db'
import { providerProcedure } from '@/server/trpc.ts'
import { callbackUrl } from './callback.ts'

/** Every organisation with its sign-on, or without: `connection` null. The callback address is known beforehand, the secret never told. */
export const listSignOns = providerProcedure('manage-people').query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const { providerName, customers } = await readSecondFactorPolicies(tx, ctx.person.providerId)
    const connections = new Map((await list(tx)).map((one) => [one.id, one]))
    return [{ tenantId: null, name: providerName }, ...customers.map(({ id, name }) => ({ tenantId: id, name }))].map((one) => {
      const id = signOnIdOf(ctx.person.providerId, one.tenantId)
      return { ...one, callbackUrl: callbackUrl(id), connection: connections.get(id) ?? null }
    })
  }))
