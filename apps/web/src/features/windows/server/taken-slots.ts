import { readTakenSlots } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'

/** A calendar shows a few weeks; nobody needs more at once. */
const LONGEST_SPAN_MS = 62 * 86_400_000

/** When a target site is taken, never by whom. SITE_UNKNOWN where the person's destinations do not lead there. */
export const takenSlots = memberProcedure()
  .input(z.object({ targetSiteId: z.string().min(1).max(120), from: z.date(), to: z.date() })
    .refine(({ from, to }) => to > from && to.getTime() - from.getTime() <= LONGEST_SPAN_MS, { path: ['to'] }))
  .query(async ({ ctx, input }) => {
    const slots = await ctx.inScope((tx) => readTakenSlots(tx, input.targetSiteId, input.from, input.to))
    if (!slots) throw new DomainError('SITE_UNKNOWN', 'There is no such target site.')
    return slots
  })
