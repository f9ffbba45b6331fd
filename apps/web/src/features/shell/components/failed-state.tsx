'use client'
import { CircleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'

export function FailedState({ reset }: { reset: () => void }) {
  const t = useTranslations('shell.failed')
  return <EmptyState icon={CircleAlert} title={t('title')} description={t('description')} action={<Button onClick={reset}>{t('retry')}</Button>} />
}
