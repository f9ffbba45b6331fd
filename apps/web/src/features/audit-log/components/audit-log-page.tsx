'use client'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/ui/page-header.tsx'

export function AuditLogPage() {
  const t = useTranslations('auditLog')
  return <PageHeader title={t('title')} />
}
