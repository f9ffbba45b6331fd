'use client'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/ui/page-header.tsx'

export function EstimatePage() {
  const t = useTranslations('estimate')
  return <PageHeader title={t('title')} />
}
