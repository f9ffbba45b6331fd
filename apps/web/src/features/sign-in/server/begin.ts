import { credentials, beginSecondStep, checkPassword } from '@/server/sign-in/password-step.ts'
import { publicProcedure } from '@/server/trpc.ts'

/**
 * The first step of a sign-in: address and password. Answers a ticket of five minutes, which next-auth's provider `second-step`
 * takes together with one of `steps` (none: with NONE). SIGN_IN_WRONG, TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE.
 */
export const begin = publicProcedure.input(credentials).mutation(async ({ ctx, input }) => {
  const { ticket, enrolled, steps, passkey } = await beginSecondStep(await checkPassword(input, ctx.address))
  return { ticket, enrolled, steps, passkey }
})
