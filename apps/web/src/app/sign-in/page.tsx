import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { redirect } from 'next/navigation'
import { SignInPage } from '@/features/sign-in/components/sign-in-page.tsx'
import { currentSession } from '@/server/auth.ts'
import { brandOf } from '@/server/brand.ts'
import { homeOf } from '@/server/person.ts'
import { passkeysPossible } from '@/server/sign-in/webauthn.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('signIn'))('title') }
}

export default async function Page({ searchParams }: PageProps<'/sign-in'>) {
  const session = await currentSession()
  if (session !== null) redirect(session.restricted ? '/account' : homeOf(session.person.role))
  const brand = await brandOf(null)
  const { ended } = await searchParams
  return <SignInPage brandName={brand?.name ?? null} isDemo={brand?.isDemo ?? false} ended={ended !== undefined} passkeys={passkeysPossible()} />
}
