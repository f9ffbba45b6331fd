import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { BillingPage } from '@/features/billing/components/billing-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('billing'))('title') }
}

export default function Page() {
  return <BillingPage />
}
