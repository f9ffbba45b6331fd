import { readSiteBoard } from '@driftless/db'
import { DomainError, isProviderRole } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'

/** A month as its calendar shows it has six weeks; nobody needs more at once. */
const LONGEST_SPAN_MS = 62 * 86_400_000

/**
 * What a target site's calendar shows between two instants: published slots with what is free, times that are taken (never whose), and
 * blackouts. SITE_UNKNOWN where the person's destinations do not lead there.
 */
export const readBoard = memberProcedure()
  .input(z.object({ targetSiteId: z.string().min(1).max(120), from: z.date(), to: z.date() })
    .refine(({ from, to }) => to > from && to.getTime() - from.getTime() <= LONGEST_SPAN_MS, { path: ['to'] }))
  .query(async ({ ctx, input }) => {
    const board = await ctx.inScope((tx) => readSiteBoard(tx, input.targetSiteId, input.from, input.to, new Date(), !isProviderRole(ctx.person.role)))
    if (!board) throw new DomainError('SITE_UNKNOWN', 'There is no such target site.')
    return board
  })
