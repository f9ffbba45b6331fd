import { redirect } from 'next/navigation'
import { currentSession } from '@/server/auth.ts'
import { homeOf } from '@/server/person.ts'

export default async function StartPage() {
  const session = await currentSession()
  redirect(session === null ? '/sign-in' : session.restricted ? '/account' : homeOf(session.person.role))
}
