import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { ConfigurePage } from '@/features/configure/components/configure-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('configure'))('title') }
}

export default function Page() {
  return <ConfigurePage />
}
