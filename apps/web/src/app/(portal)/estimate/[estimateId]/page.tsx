import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { EstimateDetailPage } from '@/features/estimate/components/estimate-detail-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('estimate'))('title') }
}

export default async function Page({ params }: PageProps<'/estimate/[estimateId]'>) {
  const { estimateId } = await params
  return <EstimateDetailPage estimateId={estimateId} />
}
