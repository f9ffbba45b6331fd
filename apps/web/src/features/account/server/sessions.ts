import { listSessions } from '@driftless/db'
import { accountProcedure } from '@/server/trpc.ts'

/** Where the person is signed in, this session among them. */
export const sessions = accountProcedure({ enrolling: false }).query(async ({ ctx }) => {
  const rows = await ctx.inScope((tx) => listSessions(tx, ctx.person.userId, new Date()))
  return rows.map((row) => ({ ...row, isThis: row.id === ctx.session.id }))
})
