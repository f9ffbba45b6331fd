import { readWave as read } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'

/** A wave as its page shows it; customers see their own, the provider's staff their customers'. */
export const readWave = memberProcedure()
  .input(z.object({ waveId: z.string().min(1).max(120) }))
  .query(async ({ ctx, input }) => {
    const wave = await ctx.inScope((tx) => read(tx, input.waveId, new Date()))
    if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
    return { ...wave, booking: wave.booking && { ...wave.booking, mine: wave.booking.requestedById === ctx.person.userId } }
  })
