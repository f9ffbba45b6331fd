import { setApprovalPolicy } from '@driftless/db'
import { APPROVING_ROLES, LONGEST_APPROVAL_HOURS, LONGEST_APPROVAL_WAIT_MINUTES, MOST_APPROVERS_NEEDED, MOST_NAMED_APPROVERS } from '@driftless/domain'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

const policy = z.object({
  roles: z.array(z.enum(APPROVING_ROLES)).max(APPROVING_ROLES.length),
  personIds: z.array(z.string().min(1).max(120)).max(MOST_NAMED_APPROVERS),
  needed: z.number().int().min(1).max(MOST_APPROVERS_NEEDED),
  ownRequest: z.boolean(),
  waitMinutes: z.number().int().min(0).max(LONGEST_APPROVAL_WAIT_MINUTES),
  expiresHours: z.number().int().min(1).max(LONGEST_APPROVAL_HOURS).nullable(),
  testsNeedGo: z.boolean(),
})

/** Sets a customer's approval policy. The provider's administrators do: no operator loosens the rule that binds them. */
export const setPolicy = providerProcedure('manage-provider')
  .input(z.object({ tenantId: z.string().min(1).max(120), policy }))
  .mutation(async ({ ctx, input }) => {
    const waiting = await ctx.inScope(async (tx) => {
      await setApprovalPolicy(tx, input.tenantId, input.policy)
      return tx.db.migration.findMany({ where: { tenantId: input.tenantId, status: 'CUTTING_OVER' }, select: { id: true } })
    })
    await wakeMigrations(waiting.map(({ id }) => id))
  })
