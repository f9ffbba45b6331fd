'use client'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/ui/page-header.tsx'

export function MigratePage() {
  const t = useTranslations('migrate')
  return <PageHeader title={t('title')} />
}
