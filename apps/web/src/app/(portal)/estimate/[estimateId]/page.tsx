import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { notFound } from 'next/navigation'
import { EstimateDetailPage } from '@/features/estimate/components/estimate-detail-page.tsx'
import { currentPerson } from '@/server/auth.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('estimate'))('title') }
}

export default async function Page({ params }: PageProps<'/estimate/[estimateId]'>) {
  const { estimateId } = await params
  const person = await currentPerson()
  if (person === null || person.tenantId === null) notFound()
  return <EstimateDetailPage estimateId={estimateId} />
}
