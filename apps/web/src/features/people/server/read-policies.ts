import { readSecondFactorPolicies } from '@driftless/db'
import { providerProcedure } from '@/server/trpc.ts'

/** What is demanded at sign-in besides the password, of whom. */
export const readPolicies = providerProcedure('manage-people').query(({ ctx }) => ctx.inScope((tx) => readSecondFactorPolicies(tx, ctx.person.providerId)))
