'use client'
import { MIGRATION_ENDED } from '@driftless/domain'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import type { Wave } from '../wave-types.ts'
import { StartButton } from './start-button.tsx'

/** What a person should know first: not started, over, or a cutover that failed. */
export function WaveNotices({ wave }: { wave: Wave }) {
  const t = useTranslations('wave')
  const over = wave.migrations.every(({ status }) => MIGRATION_ENDED.includes(status))
  const failed = wave.migrations.filter((migration) => !MIGRATION_ENDED.includes(migration.status)).flatMap((migration) => {
    const last = migration.attempts.at(-1)
    return last?.status === 'ROLLED_BACK' ? [{ migration, last }] : []
  })
  return (
    <>
      {wave.startedAt === null && !over && <Notice title={t('notStarted.title')} actions={<StartButton waveId={wave.id} />}>{t('notStarted.description')}</Notice>}
      {over && (
        <Notice tone="success" title={t('over.title')} actions={<Button asChild size="sm"><Link href={`/statistics?wave=${wave.id}`}>{t('over.action')}</Link></Button>}>
          {t('over.description', { completed: wave.migrations.filter(({ status }) => status === 'COMPLETED').length })}
        </Notice>
      )}
      {failed.map(({ migration, last }) => (
        <Notice key={migration.id} tone="warning" title={t('cutover.failed', { number: last.number, name: migration.name })}>
          <p>{last.failureMessage}</p>
          <p>{last.sourceReturnedAt === null ? t('cutover.returning') : t('cutover.failedSteps')}</p>
        </Notice>
      ))}
    </>
  )
}
