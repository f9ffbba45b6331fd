import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { WindowsPage } from '@/features/windows/components/windows-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('windows'))('title') }
}

export default function Page() {
  return <WindowsPage />
}
