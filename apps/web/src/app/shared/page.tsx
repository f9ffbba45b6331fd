import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { SharedPage } from '@/features/sharing/components/shared-page.tsx'
import { brandOf } from '@/server/brand.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('sharing'))('title'), referrer: 'no-referrer', robots: { index: false, follow: false } }
}

export default async function Page() {
  return <SharedPage brandName={(await brandOf(null))?.name ?? null} />
}
