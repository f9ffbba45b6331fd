import { chooseNotices as choose, endCalendarFeed, makeCalendarFeed, readNoticeSettings } from '@driftless/db'
import { NOTICE_CATEGORIES, categoriesFor } from '@driftless/domain'
import { z } from 'zod'
import { env } from '@/env.ts'
import { hasMail } from '@/server/mail.ts'
import { newToken } from '@/server/token.ts'
import { accountProcedure } from '@/server/trpc.ts'
import { demandFresh } from './fresh.ts'

/** What the person can be written about and what of it they are, and their calendar's address, of which only its age is known. `possible`: this installation sends mails at all. */
export const notices = accountProcedure({ enrolling: false }).query(({ ctx }) =>
  ctx.inScope(async (tx) => ({ possible: hasMail(), email: ctx.person.email, categories: categoriesFor(ctx.person.role), ...(await readNoticeSettings(tx, ctx.person.userId)) })))

/** Chooses what the person is not written about. */
export const chooseNotices = accountProcedure({ enrolling: false })
  .input(z.object({ muted: z.array(z.enum(NOTICE_CATEGORIES)).max(NOTICE_CATEGORIES.length) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => choose(tx, ctx.person, input.muted)))

/** Gives the person's calendar a new address, which is answered this once; one of before ends. CONFIRM_FIRST: it outlives the session. */
export const makeFeed = accountProcedure({ enrolling: false }).mutation(({ ctx }) =>
  ctx.inScope(async (tx) => {
    await demandFresh(tx, ctx.session, new Date())
    const { token, hash } = newToken()
    await makeCalendarFeed(tx, ctx.person, hash)
    return { address: `${env().NEXTAUTH_URL}/api/calendar/${token}.ics` }
  }))

/** Ends that address. */
export const endFeed = accountProcedure({ enrolling: false }).mutation(({ ctx }) => ctx.inScope(async (tx) => void (await endCalendarFeed(tx, ctx.person))))
