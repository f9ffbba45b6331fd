'use client'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/ui/page-header.tsx'

export function StatisticsPage() {
  const t = useTranslations('statistics')
  return <PageHeader title={t('title')} />
}
