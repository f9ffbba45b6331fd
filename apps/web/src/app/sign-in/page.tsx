import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { redirect } from 'next/navigation'
import { SignInPage } from '@/features/sign-in/components/sign-in-page.tsx'
import { currentPerson } from '@/server/auth.ts'
import { brandOf } from '@/server/brand.ts'
import { homeOf } from '@/server/person.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('signIn'))('title') }
}

export default async function Page() {
  const person = await currentPerson()
  if (person !== null) redirect(homeOf(person.role))
  const brand = await brandOf(null)
  return <SignInPage brandName={brand?.name ?? null} isDemo={brand?.isDemo ?? false} />
}
