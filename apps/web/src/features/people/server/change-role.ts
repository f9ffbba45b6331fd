import { changeRole as change } from '@driftless/db'
import { USER_ROLES } from '@driftless/domain'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Gives somebody another role of their own side; they sign in anew with it. */
export const changeRole = providerProcedure('manage-people')
  .input(z.object({ userId: z.string().min(1).max(120), role: z.enum(USER_ROLES) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => change(tx, input.userId, input.role)))
