'use client'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/ui/page-header.tsx'

export function WindowsPage() {
  const t = useTranslations('windows')
  return <PageHeader title={t('title')} />
}
