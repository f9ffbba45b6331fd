import { readWaveApprovals } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'

/** A wave's plan, who has said go or no-go to it, and what is missing; the provider's staff look on. `kind`: for which of its bookings, where it has one for its cutover and one for a test. */
export const readApprovals = memberProcedure()
  .input(z.object({ waveId: z.string().min(1).max(120), kind: z.enum(['CUTOVER', 'TEST', 'ANY']).default('ANY') }))
  .query(async ({ ctx, input }) => {
    const approvals = await ctx.inScope((tx) => readWaveApprovals(tx, input.waveId, ctx.person.userId, input.kind))
    if (!approvals) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
    return approvals
  })
