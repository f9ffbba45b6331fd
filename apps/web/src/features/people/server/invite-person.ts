import { invitePerson as invite, organisationName } from '@driftless/db'
import { USER_ROLES } from '@driftless/domain'
import { z } from 'zod'
import { LOCALES } from '@/i18n/locales.ts'
import { newToken } from '@/server/token.ts'
import { providerProcedure } from '@/server/trpc.ts'
import { invitationLink, mailInvitation } from './mails.ts'

/**
 * Asks somebody in, to a customer or (`tenantId` null) to the provider's own staff. The answer is the only place where the link
 * is ever readable, besides the mail; `mailed`: whether the mail server took one.
 */
export const invitePerson = providerProcedure('manage-people')
  .input(z.object({
    tenantId: z.string().min(1).max(120).nullable(), email: z.email().max(254).toLowerCase(), name: z.string().trim().min(1).max(120),
    role: z.enum(USER_ROLES), locale: z.enum(LOCALES),
  }))
  .mutation(async ({ ctx, input }) => {
    const { token, hash } = newToken()
    const names = await ctx.inScope(async (tx) => {
      await invite(tx, ctx.person.providerId, input, hash, new Date())
      return { organisation: await organisationName(tx, ctx.person.providerId, input.tenantId), providerName: await organisationName(tx, ctx.person.providerId, null) }
    })
    const link = invitationLink(token)
    return { link, mailed: await mailInvitation({ ...input, ...names, invitedBy: ctx.person.name }, link) }
  })
