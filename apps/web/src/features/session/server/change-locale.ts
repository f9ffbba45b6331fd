import { changeLocale as change } from '@driftless/db'
import { z } from 'zod'
import { LOCALES } from '@/i18n/locales.ts'
import { memberProcedure } from '@/server/trpc.ts'

/** Remembers the person's language, for what is sent to them. */
export const changeLocale = memberProcedure()
  .input(z.object({ locale: z.enum(LOCALES) }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope((tx) => change(tx, ctx.person.userId, input.locale))
  })
