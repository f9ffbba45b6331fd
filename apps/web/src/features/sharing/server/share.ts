import { databaseNow, endWaveLink, shareWave } from '@driftless/db'
import { LONGEST_SHARE_DAYS } from '@driftless/domain'
import { z } from 'zod'
import { env } from '@/env.ts'
import { newToken } from '@/server/token.ts'
import { tenantProcedure } from '@/server/trpc.ts'

/** Makes a link with which anybody can look at the wave. The answer is the only place where it is ever readable. WAVE_UNKNOWN, WAVE_LINK_LIMIT. */
export const share = tenantProcedure('plan-waves')
  .input(z.object({ waveId: z.string().min(1).max(120), days: z.number().int().min(1).max(LONGEST_SHARE_DAYS) }))
  .mutation(async ({ ctx, input }) => {
    const { token, hash } = newToken()
    const { expiresAt } = await ctx.inScope(async (tx) => shareWave(tx, input.waveId, hash, input.days, await databaseNow(tx)))
    return { link: `${env().NEXTAUTH_URL}/shared#${token}`, expiresAt }
  })

/** Ends one. WAVE_LINK_UNKNOWN. */
export const endLink = tenantProcedure('plan-waves')
  .input(z.object({ linkId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) => ctx.inScope(async (tx) => void (await endWaveLink(tx, input.linkId, await databaseNow(tx)))))
