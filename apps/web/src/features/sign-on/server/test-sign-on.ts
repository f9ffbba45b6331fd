import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'
import { discover } from './discover.ts'

/** Whether an organisation's server answers, and where it would send people; before anything is saved. DISCOVERY_FAILED. */
export const testSignOn = providerProcedure('manage-people')
  .input(z.object({ issuer: z.url({ protocol: /^https?$/ }).max(500) }))
  .mutation(async ({ input }) => {
    const { issuer, authorization } = await discover(input.issuer)
    return { issuer, authorization }
  })
