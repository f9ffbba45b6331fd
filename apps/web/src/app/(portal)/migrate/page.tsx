import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { MigratePage } from '@/features/migrate/components/migrate-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('migrate'))('title') }
}

export default function Page() {
  return <MigratePage />
}
