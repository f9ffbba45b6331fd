import { removeSignOn as remove } from '@driftless/db'
import { providerProcedure } from '@/server/trpc.ts'
import { organisation } from './settings.ts'

/** Takes an organisation's sign-on away. */
export const removeSignOn = providerProcedure('manage-people')
  .input(organisation)
  .mutation(({ ctx, input }) => ctx.inScope((tx) => remove(tx, ctx.person.providerId, input.tenantId)))
