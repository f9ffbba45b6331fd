'use client'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/ui/page-header.tsx'

export function BillingPage() {
  const t = useTranslations('billing')
  return <PageHeader title={t('title')} />
}
