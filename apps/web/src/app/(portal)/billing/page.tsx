import { isProviderRole } from '@driftless/domain'
import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { BillingPage } from '@/features/billing/components/billing-page.tsx'
import { currentPerson } from '@/server/auth.ts'

export async function generateMetadata(): Promise<Metadata> {
  const person = await currentPerson()
  return { title: (await getTranslations('billing'))(person !== null && isProviderRole(person.role) ? 'title' : 'own.title') }
}

export default function Page() {
  return <BillingPage />
}
