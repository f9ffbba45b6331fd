'use client'
import { TEST_DEFAULT_HOURS, TEST_HOURS } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { NativeSelect } from '@/ui/native-select.tsx'
import { Notice } from '@/ui/notice.tsx'
import type { Wave, WaveMigration } from '../wave-types.ts'
import { useWaveAction } from './use-wave-action.ts'

/** Boots a copy of a VM that replicates in step; says first what that does and does not do. */
export function StartTest({ wave, migration }: { wave: Wave; migration: WaveMigration }) {
  const t = useTranslations('testBoot.start')
  const { name } = migration
  const action = useWaveAction()
  const [open, setOpen] = useState(false)
  const [hours, setHours] = useState<number>(TEST_DEFAULT_HOURS)
  const start = useMutation(useTRPC().wave.startTest.mutationOptions({
    onSuccess: () => {
      action.done(t('done', { name }))
      setOpen(false)
    },
    onError: action.failed,
  }))
  if (!useMay('control-replication')) return null
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={t('title', { name })} description={t('description')}
      trigger={<Button variant="ghost" size="icon" aria-label={t('open', { name })}><FlaskConical aria-hidden /></Button>}
      footer={<Button variant="primary" busy={start.isPending} onClick={() => start.mutate({ migrationId: migration.id, hours })}>{t('action')}</Button>}
    >
      <div className="flex flex-col gap-5">
        <ul className="list-disc space-y-1.5 pl-5 text-sm">
          {(['moment', 'isolated', 'trace', 'cutover'] as const).map((point) => <li key={point}>{t(`points.${point}`)}</li>)}
        </ul>
        {wave.cutoverMode === 'AUTOMATIC' && <Notice>{t('automatic')}</Notice>}
        <Field label={t('hours')} hint={t('hoursHint')}>
          {(control) => (
            <NativeSelect {...control} value={hours} onChange={(event) => setHours(Number(event.target.value))}>
              {TEST_HOURS.map((count) => <option key={count} value={count}>{t('hour', { count })}</option>)}
            </NativeSelect>
          )}
        </Field>
      </div>
    </Dialog>
  )
}
