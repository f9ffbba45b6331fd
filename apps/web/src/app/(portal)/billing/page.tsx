import { isProviderRole } from '@driftless/domain'
import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { BillingPage } from '@/features/billing/components/billing-page.tsx'
import { currentPerson } from '@/server/auth.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('billing'))('title') }
}

export default async function Page() {
  const person = await currentPerson()
  if (person === null || !isProviderRole(person.role)) notFound()
  return <BillingPage />
}
