import { SearchX } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'

export function NotFoundState() {
  const t = useTranslations('shell.notFound')
  return <EmptyState icon={SearchX} title={t('title')} description={t('description')} action={<Button asChild><Link href="/">{t('home')}</Link></Button>} />
}
