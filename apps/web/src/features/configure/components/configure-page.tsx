'use client'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/ui/page-header.tsx'

export function ConfigurePage() {
  const t = useTranslations('configure')
  return <PageHeader title={t('title')} />
}
