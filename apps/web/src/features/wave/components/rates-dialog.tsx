'use client'
import { useMutation } from '@tanstack/react-query'
import { Gauge } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { MEBIBYTE, parseRate } from '@/features/migrate/components/wizard/draft.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import type { Wave } from '../wave-types.ts'
import { useWaveAction } from './use-wave-action.ts'

const typed = (rate: number | null) => (rate === null ? '' : String(Math.round((rate / MEBIBYTE) * 100) / 100))

/** Replication rate, guest write throttle and the kind of final migration, changed while the wave runs. */
export function RatesDialog({ wave }: { wave: Wave }) {
  const t = useTranslations('wave')
  const action = useWaveAction()
  const [open, setOpen] = useState(false)
  const [rate, setRate] = useState('')
  const [guest, setGuest] = useState('')
  const [mode, setMode] = useState(wave.cutoverMode)
  const control = useMutation(useTRPC().wave.control.mutationOptions({
    onSuccess: () => {
      action.done(t('controls.done'))
      setOpen(false)
    },
    onError: action.failed,
  }))
  const change = (next: boolean) => {
    if (next) {
      setRate(typed(wave.rateBytesPerSecond))
      setGuest(typed(wave.guestWriteBytesPerSecond))
      setMode(wave.cutoverMode)
    }
    setOpen(next)
  }
  const rateBytesPerSecond = parseRate(rate)
  const guestWriteBytesPerSecond = parseRate(guest)
  const save = () => {
    if (rateBytesPerSecond === undefined || guestWriteBytesPerSecond === undefined) return
    control.mutate({ waveId: wave.id, rateBytesPerSecond, guestWriteBytesPerSecond, cutoverMode: mode })
  }
  return (
    <Dialog
      open={open} onOpenChange={change} title={t('rates.title')} description={t('rates.description')} trigger={<Button><Gauge aria-hidden />{t('controls.rates')}</Button>}
      footer={<Button variant="primary" busy={control.isPending} disabled={rateBytesPerSecond === undefined || guestWriteBytesPerSecond === undefined} onClick={save}>{t('rates.save')}</Button>}
    >
      <div className="flex flex-col gap-5">
        <Field label={t('rates.replication')} hint={t('rates.replicationHint')} error={rateBytesPerSecond === undefined ? t('rates.invalid') : undefined}>
          {(field) => <Input {...field} inputMode="decimal" value={rate} onChange={(event) => setRate(event.target.value)} />}
        </Field>
        <Field label={t('rates.guest')} hint={t('rates.guestHint')} error={guestWriteBytesPerSecond === undefined ? t('rates.invalid') : undefined}>
          {(field) => <Input {...field} inputMode="decimal" value={guest} onChange={(event) => setGuest(event.target.value)} />}
        </Field>
        <div className="flex flex-col items-start gap-1.5">
          <span className="text-sm font-medium">{t('rates.mode')}</span>
          <Segmented label={t('rates.mode')} value={mode} onValueChange={(value) => setMode(value === 'AUTOMATIC' ? 'AUTOMATIC' : 'MANUAL')} options={[{ value: 'MANUAL', label: t('rates.manual') }, { value: 'AUTOMATIC', label: t('rates.automatic') }]} />
        </div>
      </div>
    </Dialog>
  )
}
