import type { Factor } from '@driftless/domain'
import type { Person } from './person.ts'

declare module 'next-auth' {
  interface Session { person?: Person }
  /** What every provider's `authorize` or `profile` answers: who it is, and what they showed. The `jwt` callback opens the session from it. */
  interface User { person?: Person; factors?: readonly Factor[]; /** Why an organisation’s sign-on did not let them in. */ refused?: string }
}
declare module 'next-auth/jwt' {
  /** The cookie only points at a session: all else is looked up at every request. */
  interface JWT { sessionToken?: string }
}
