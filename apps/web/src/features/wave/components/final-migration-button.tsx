'use client'
import { useMutation } from '@tanstack/react-query'
import { ArrowRightLeft } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { WaveMigration } from '../wave-types.ts'
import { useWaveAction } from './use-wave-action.ts'

/** The final migration by hand, of one VM or of all that are ready; nothing for those who may not. */
export function FinalMigrationButton({ migrations, all = false }: { migrations: readonly WaveMigration[]; all?: boolean }) {
  const t = useTranslations('wave.final')
  const { list } = useFormats()
  const action = useWaveAction()
  const request = useMutation(useTRPC().wave.requestCutover.mutationOptions({ onSuccess: () => action.done(t('done')), onError: action.failed }))
  const first = migrations[0]
  if (!useMay('request-cutover') || !first) return null
  const names = list(migrations.map(({ name }) => name))
  return (
    <Confirm
      trigger={all ? <Button variant="primary"><ArrowRightLeft aria-hidden />{t('all', { count: migrations.length })}</Button> : <Button size="sm" aria-label={t('one', { name: first.name })}>{t('action')}</Button>}
      title={all ? t('titleAll', { count: migrations.length }) : t('title', { name: first.name })}
      description={<>{all && <p className="mb-2 font-medium text-foreground">{names}</p>}<p>{t('description')}</p></>}
      action={t('confirm')} onConfirm={() => request.mutateAsync({ migrationIds: migrations.map(({ id }) => id) })}
    />
  )
}
