import { brandProvider as brand } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Puts the provider's own name and colour on every page of its customers. */
export const brandProvider = providerProcedure('manage-provider')
  .input(z.object({ name: z.string().trim().min(1).max(60), accentColor: z.string().regex(/^#[0-9a-f]{6}$/i).toLowerCase() }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => brand(tx, ctx.person.providerId, input)))
