'use client'
import { CUTOVER_MODES } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { Gauge } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { parseRate } from '@/features/migrate/components/wizard/draft.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import type { Wave } from '../wave-types.ts'
import { NumberField, typedRate } from './rate-field.tsx'
import { useWaveAction } from './use-wave-action.ts'

/** What the server takes; a limit of more than a second is none. */
const MOST_LATENCY_MS = 1_000

/** Typed milliseconds: null for no limit, `undefined` where they are none. */
function parseLatency(typed: string): number | null | undefined {
  if (typed.trim() === '') return null
  const limit = Number(typed)
  return Number.isInteger(limit) && limit >= 1 && limit <= MOST_LATENCY_MS ? limit : undefined
}

/** Replication rate, how guests may be slowed, and the kind of final migration, changed while the wave runs. */
export function RatesDialog({ wave }: { wave: Wave }) {
  const t = useTranslations('wave')
  const action = useWaveAction()
  const [open, setOpen] = useState(false)
  const [rate, setRate] = useState('')
  const [guest, setGuest] = useState('')
  const [latency, setLatency] = useState('')
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
      setRate(typedRate(wave.rateBytesPerSecond))
      setGuest(typedRate(wave.guestWriteBytesPerSecond))
      setLatency(wave.guestLatencyLimitMs === null ? '' : String(wave.guestLatencyLimitMs))
      setMode(wave.cutoverMode)
    }
    setOpen(next)
  }
  const rateBytesPerSecond = parseRate(rate)
  const guestWriteBytesPerSecond = parseRate(guest)
  const guestLatencyLimitMs = parseLatency(latency)
  const wrong = rateBytesPerSecond === undefined || guestWriteBytesPerSecond === undefined || guestLatencyLimitMs === undefined
  const save = () => {
    if (!wrong) control.mutate({ waveId: wave.id, rateBytesPerSecond, guestWriteBytesPerSecond, guestLatencyLimitMs, cutoverMode: mode })
  }
  return (
    <Dialog
      open={open} onOpenChange={change} title={t('rates.title')} description={t('rates.description')} trigger={<Button><Gauge aria-hidden />{t('controls.rates')}</Button>}
      footer={<Button variant="primary" busy={control.isPending} disabled={wrong} onClick={save}>{t('rates.save')}</Button>}
    >
      <div className="flex flex-col gap-5">
        <NumberField label={t('rates.replication')} hint={t('rates.replicationHint')} error={rateBytesPerSecond === undefined ? t('rates.invalid') : undefined} value={rate} onChange={setRate} />
        {wave.source?.inRounds === true ? <p className="text-xs text-muted">{t('rates.notSlowed')}</p> : (
          <>
            <NumberField label={t('rates.guest')} hint={t('rates.guestHint')} error={guestWriteBytesPerSecond === undefined ? t('rates.invalid') : undefined} value={guest} onChange={setGuest} />
            <NumberField label={t('rates.latency')} hint={t('rates.latencyHint')} error={guestLatencyLimitMs === undefined ? t('rates.latencyInvalid') : undefined} value={latency} onChange={setLatency} />
          </>
        )}
        <div className="flex flex-col items-start gap-1.5">
          <span className="text-sm font-medium">{t('rates.mode')}</span>
          <Segmented label={t('rates.mode')} value={mode} onValueChange={(value) => setMode(CUTOVER_MODES.find((one) => one === value) ?? mode)} options={[{ value: 'MANUAL', label: t('rates.manual') }, { value: 'AUTOMATIC', label: t('rates.automatic') }, { value: 'SCHEDULED', label: t('rates.scheduled') }]} />
        </div>
      </div>
    </Dialog>
  )
}
