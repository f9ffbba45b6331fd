import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { EstimatePage } from '@/features/estimate/components/estimate-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('estimate'))('title') }
}

export default function Page() {
  return <EstimatePage />
}
