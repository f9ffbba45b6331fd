import { DomainError } from '@driftless/domain'
import { providerProcedure } from '@/server/trpc.ts'

/** The provider's name and colour. */
export const readBranding = providerProcedure().query(async ({ ctx }) => {
  const found = await ctx.inScope((tx) => tx.db.provider.findUnique({ where: { id: ctx.person.providerId }, select: { name: true, accentColor: true } }))
  if (!found) throw new DomainError('PROVIDER_UNKNOWN', 'There is no such provider.')
  return found
})
