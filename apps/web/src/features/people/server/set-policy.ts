import { setSecondFactorPolicy } from '@driftless/db'
import { SECOND_FACTOR_POLICIES } from '@driftless/domain'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

const target = z.discriminatedUnion('kind', [z.object({ kind: z.enum(['STAFF', 'CUSTOMERS']) }), z.object({ kind: z.literal('CUSTOMER'), tenantId: z.string().min(1).max(120) })])

/** Sets what the provider's staff, all customers' people or one customer's show besides the password; the strictest counts. */
export const setPolicy = providerProcedure('manage-people')
  .input(z.object({ target, policy: z.enum(SECOND_FACTOR_POLICIES) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => setSecondFactorPolicy(tx, ctx.person.providerId, input.target, input.policy)))
