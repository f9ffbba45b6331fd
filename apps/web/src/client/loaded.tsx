'use client'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { SkeletonRows } from '@/ui/skeleton.tsx'
import { useErrorText } from './use-error-text.ts'

/**
 * What a query has brought: a stand-in while it loads, the reason and another try when it failed. Data that is there
 * stays on the page while a later refresh fails.
 */
export function Loaded<T>({ query, skeleton, children }: {
  query: { data: T | undefined; error: unknown; refetch: () => Promise<unknown>; isFetching: boolean }
  skeleton?: ReactNode
  children: (data: T) => ReactNode
}) {
  const t = useTranslations('ui')
  const shell = useTranslations('shell.failed')
  const errorText = useErrorText()
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error === null) return <>{skeleton ?? <SkeletonRows label={t('loading')} />}</>
  return (
    <Notice tone="danger" title={errorText(query.error)} actions={<Button size="sm" busy={query.isFetching} onClick={() => void query.refetch()}>{shell('retry')}</Button>} />
  )
}
