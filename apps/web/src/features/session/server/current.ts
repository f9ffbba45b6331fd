import { accountProcedure } from '@/server/trpc.ts'

/** Whether the session still is one; every open page asks. SIGNED_OUT when it has ended. */
export const current = accountProcedure({ enrolling: true }).query(({ ctx }) => ({ restricted: ctx.session.restricted, role: ctx.person.role }))
