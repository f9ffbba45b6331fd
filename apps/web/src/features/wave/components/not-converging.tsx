'use client'
import { MIGRATION_UNDER_WAY } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { parseRate } from '@/features/migrate/components/wizard/draft.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import type { Wave, WaveMigration } from '../wave-types.ts'
import { NumberField, typedRate } from './rate-field.tsx'
import { useSince } from './use-since.ts'
import { useWaveAction } from './use-wave-action.ts'

/** VMs whose guests write faster than the line sends: said at once, with what would help. */
export function NotConverging({ wave }: { wave: Wave }) {
  const lost = wave.paused ? [] : wave.migrations.filter((migration) => migration.notConvergingSince !== null && MIGRATION_UNDER_WAY.includes(migration.status))
  return lost.map((migration) => <OneVm key={migration.id} wave={wave} migration={migration} />)
}

function OneVm({ wave, migration }: { wave: Wave; migration: WaveMigration }) {
  const t = useTranslations('wave.notConverging')
  const { rate } = useFormats()
  const since = useSince()
  const mayControl = useMay('control-replication')
  const { name, notConvergingSince, convergingThrottleBytesPerSecond: throttle } = migration
  if (notConvergingSince === null) return null
  // At the latency limit a lower rate would change nothing: the limit bounds it too.
  const limited = migration.slowed?.atLatencyLimit === true
  // In rounds nothing stands in the guest's way, so nothing can slow it.
  const slows = wave.source?.inRounds !== true
  return (
    <Notice tone="warning" title={t('title', { name })} actions={mayControl && throttle !== null && !limited && slows ? <SlowDown migration={migration} throttle={throttle} /> : undefined}>
      <p>{t('description', { since: since(notConvergingSince, wave.now) })}</p>
      {limited && <p>{t('limited')}</p>}
      {!slows && <p>{t('inRounds')}</p>}
      {throttle !== null && slows && <p>{t('remedy', { rate: rate(throttle) })}</p>}
    </Notice>
  )
}

/** Sets the throttle with which it would converge, or another. */
function SlowDown({ migration, throttle }: { migration: WaveMigration; throttle: number }) {
  const t = useTranslations('wave')
  const action = useWaveAction()
  const control = useMutation(useTRPC().wave.controlMigration.mutationOptions({ onSuccess: () => action.done(t('notConverging.done', { name: migration.name })), onError: action.failed }))
  const [typed, setTyped] = useState<string | null>(null)
  const value = typed ?? typedRate(throttle)
  const wanted = typed === null ? Math.round(throttle) : parseRate(typed)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wanted !== undefined && wanted !== null) control.mutate({ migrationId: migration.id, guestWriteBytesPerSecond: wanted })
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-wrap items-end gap-2">
      <NumberField label={t('notConverging.field')} error={wanted === undefined || wanted === null ? t('rates.invalid') : undefined} value={value} onChange={setTyped} />
      <Button type="submit" variant="primary" busy={control.isPending}>{t('notConverging.action')}</Button>
    </form>
  )
}
