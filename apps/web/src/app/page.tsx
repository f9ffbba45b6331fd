import { redirect } from 'next/navigation'
import { currentPerson } from '@/server/auth.ts'
import { homeOf } from '@/server/person.ts'

export default async function StartPage() {
  const person = await currentPerson()
  redirect(person === null ? '/sign-in' : homeOf(person.role))
}
