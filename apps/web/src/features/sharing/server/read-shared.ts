import { findWaveLink, inScope, readSharedWave, tokenHash } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { db } from '@/server/db.ts'
import { TOO_MANY_TRIES, countLink } from '@/server/sign-in-limit.ts'
import { token } from '@/server/token.ts'
import { publicProcedure } from '@/server/trpc.ts'

/** A wave by its link, for whoever has it. WAVE_LINK_UNKNOWN, whatever is wrong with it. A mutation only so that the token travels in a body, which no log keeps. */
export const readShared = publicProcedure.input(z.object({ token })).mutation(async ({ ctx, input }) => {
  if (!(await countLink(ctx.address))) throw new DomainError(TOO_MANY_TRIES, 'Too many attempts. Wait a minute and try again.')
  const found = await findWaveLink(db(), tokenHash(input.token))
  const actor = { kind: 'SYSTEM', id: null, name: 'Link' } as const
  const wave = found === null ? null : await inScope(db(), { kind: 'tenant', tenantId: found.tenantId, actor }, (tx) => readSharedWave(tx, found.waveId))
  if (found === null || wave === null) throw new DomainError('WAVE_LINK_UNKNOWN', 'This link leads nowhere any more.')
  return { ...wave, expiresAt: found.expiresAt }
})
