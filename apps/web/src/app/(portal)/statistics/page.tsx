import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { StatisticsPage } from '@/features/statistics/components/statistics-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('statistics'))('title') }
}

export default function Page() {
  return <StatisticsPage />
}
