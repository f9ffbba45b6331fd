'use client'
import { useMutation } from '@tanstack/react-query'
import { Gauge } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { parseRate } from '@/features/migrate/components/wizard/draft.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import type { Wave, WaveMigration } from '../wave-types.ts'
import { NumberField, typedRate } from './rate-field.tsx'
import { useWaveAction } from './use-wave-action.ts'

/** One VM's own rates, within those of its wave and its site. */
export function VmRates({ wave, migration }: { wave: Wave; migration: WaveMigration }) {
  const t = useTranslations('wave')
  const { name } = migration
  const action = useWaveAction()
  const [open, setOpen] = useState(false)
  const [rate, setRate] = useState('')
  const [guest, setGuest] = useState('')
  const control = useMutation(useTRPC().wave.controlMigration.mutationOptions({
    onSuccess: () => {
      action.done(t('vmRates.done', { name }))
      setOpen(false)
    },
    onError: action.failed,
  }))
  const change = (next: boolean) => {
    if (next) {
      setRate(typedRate(migration.rateBytesPerSecond))
      setGuest(typedRate(migration.guestWriteBytesPerSecond))
    }
    setOpen(next)
  }
  const rateBytesPerSecond = parseRate(rate)
  const guestWriteBytesPerSecond = parseRate(guest)
  const wrong = rateBytesPerSecond === undefined || guestWriteBytesPerSecond === undefined
  const save = () => {
    if (!wrong) control.mutate({ migrationId: migration.id, rateBytesPerSecond, guestWriteBytesPerSecond })
  }
  return (
    <Dialog
      open={open} onOpenChange={change} title={t('vmRates.title', { name })} description={t('vmRates.description')}
      trigger={<Button variant="ghost" size="icon" aria-label={t('vmRates.open')}><Gauge aria-hidden /></Button>}
      footer={<Button variant="primary" busy={control.isPending} disabled={wrong} onClick={save}>{t('rates.save')}</Button>}
    >
      <div className="flex flex-col gap-5">
        <NumberField label={t('rates.replication')} hint={t('vmRates.replicationHint')} error={rateBytesPerSecond === undefined ? t('rates.invalid') : undefined} value={rate} onChange={setRate} />
        {wave.source?.inRounds === true
          ? <p className="text-xs text-muted">{t('rates.notSlowed')}</p>
          : <NumberField label={t('rates.guest')} hint={t('vmRates.guestHint')} error={guestWriteBytesPerSecond === undefined ? t('rates.invalid') : undefined} value={guest} onChange={setGuest} />}
      </div>
    </Dialog>
  )
}
