import 'server-only'
import { getServerSession } from 'next-auth'
import type { AuthOptions } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import { cache } from 'react'
import { env } from '../env.ts'
import { person } from './person.ts'
import type { Person } from './person.ts'
import { signIn } from './sign-in.ts'

/** A working day; after it the person signs in again. */
const SESSION_SECONDS = 8 * 3600

/** next-auth's settings: e-mail and password, session in a signed and encrypted cookie. */
export function authOptions(): AuthOptions {
  return {
    secret: env().NEXTAUTH_SECRET,
    session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
    pages: { signIn: '/sign-in', error: '/sign-in' },
    providers: [
      Credentials({
        credentials: { email: {}, password: {} },
        authorize: async (input) => {
          const found = await signIn(input)
          return found === null ? null : { id: found.userId, person: found }
        },
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) => (user?.person === undefined ? token : { ...token, person: user.person }),
      session: ({ session, token }) => ({ expires: session.expires, person: token.person }),
    },
  }
}

/** Who is signed in for this request, or null. Read once a request. */
export const currentPerson = cache(async (): Promise<Person | null> => {
  const session = await getServerSession(authOptions())
  const parsed = person.safeParse(session?.person)
  return parsed.success ? parsed.data : null
})
