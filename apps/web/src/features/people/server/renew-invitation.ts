import { organisationName, renewInvitation as renew } from '@driftless/db'
import { z } from 'zod'
import { newToken } from '@/server/token.ts'
import { providerProcedure } from '@/server/trpc.ts'
import { invitationLink, mailInvitation } from './mails.ts'

/** Sends an open invitation again with a new link; the old one dies. Answers as `invite` does. */
export const renewInvitation = providerProcedure('manage-people')
  .input(z.object({ invitationId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    const { token, hash } = newToken()
    const invited = await ctx.inScope(async (tx) => {
      const { name, email, locale, tenantId } = await renew(tx, input.invitationId, hash, new Date())
      return { name, email, locale, organisation: await organisationName(tx, ctx.person.providerId, tenantId), providerName: await organisationName(tx, ctx.person.providerId, null) }
    })
    const link = invitationLink(token)
    return { link, mailed: await mailInvitation({ ...invited, invitedBy: ctx.person.name }, link) }
  })
