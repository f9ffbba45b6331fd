'use client'
import { isReturnOver } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { ReturnButton } from '@/features/validation/components/return-button.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Pill } from '@/ui/pill.tsx'
import type { Wave, WaveMigration, WayBack } from '../wave-types.ts'
import { useWaveAction } from './use-wave-action.ts'

/** Has what a moved VM writes flow back to its source, which is off; says first what that overwrites. */
export function KeepWayBack({ migration: { id, name } }: { migration: WaveMigration }) {
  const t = useTranslations('wayBack')
  const action = useWaveAction()
  const keep = useMutation(useTRPC().wave.keepWayBack.mutationOptions({ onSuccess: () => action.done(t('done', { name })), onError: action.failed }))
  if (!useMay('control-replication')) return null
  return (
    <Confirm
      trigger={<Button variant="ghost" size="icon" aria-label={t('open', { name })}><Undo2 aria-hidden /></Button>}
      title={t('title', { name })} description={t('description')} action={t('action')} onConfirm={() => keep.mutateAsync({ migrationId: id, keep: true })}
    />
  )
}

/** How far the sources of moved VMs follow what these write at the target. */
export function WaysBack({ wave }: { wave: Wave }) {
  const kept = wave.migrations.flatMap((migration) => (migration.wayBack === null ? [] : [{ migration, wayBack: migration.wayBack }]))
  if (kept.length === 0) return null
  return <div className="grid items-start gap-6 lg:grid-cols-2">{kept.map(({ migration, wayBack }) => <WayBackCard key={migration.id} wave={wave} migration={migration} wayBack={wayBack} />)}</div>
}

function WayBackCard({ wave, migration: { id, name, status, vmReturn }, wayBack }: { wave: Wave; migration: WaveMigration; wayBack: WayBack }) {
  const t = useTranslations('wayBack')
  const { bytes, dateTime, duration } = useFormats()
  const mayControl = useMay('control-replication')
  const returning = vmReturn !== null && !isReturnOver(vmReturn.status)
  const { progress } = wayBack
  const state = progress?.connected !== true ? 'waiting' : progress.behindSince === null ? 'inStep' : 'behind'
  const lag = progress?.behindSince == null ? null : Math.max(0, (wave.now.getTime() - progress.behindSince.getTime()) / 1000)
  return (
    <Card>
      <CardHeader
        title={<span className="flex items-center gap-2"><Undo2 className="size-4 text-muted" aria-hidden />{t('card', { name })}</span>}
        actions={<Pill tone={state === 'waiting' ? 'warning' : 'success'} pulse={state !== 'inStep'}>{t(`state.${state}`)}</Pill>}
      />
      <CardBody className="flex flex-col items-start gap-4">
        <KeyValueList
          className="w-full"
          items={[
            { label: t('since'), value: dateTime(wayBack.since) },
            { label: t('left'), value: progress === null ? t('never') : bytes(progress.leftBytes) },
            { label: t('lag'), value: lag === null ? t('never') : duration(lag) },
            { label: t('sent'), value: progress === null ? t('never') : bytes(progress.sentBytes) },
            ...(wayBack.problem === null ? [] : [{ label: t('why'), value: wayBack.problem }]),
          ]}
        />
        <div className="flex flex-wrap gap-2">
          {mayControl && status === 'COMPLETED' && !returning && <EndWayBack migrationId={id} name={name} />}
          {status === 'COMPLETED' && !returning && <ReturnButton migrationId={id} name={name} lostSince={null} />}
        </div>
      </CardBody>
    </Card>
  )
}

function EndWayBack({ migrationId, name }: { migrationId: string; name: string }) {
  const t = useTranslations('wayBack.stop')
  const action = useWaveAction()
  const keep = useMutation(useTRPC().wave.keepWayBack.mutationOptions({ onSuccess: () => action.done(t('done', { name })), onError: action.failed }))
  return <Confirm trigger={<Button size="sm">{t('action')}</Button>} title={t('title', { name })} description={t('description')} action={t('action')} onConfirm={() => keep.mutateAsync({ migrationId, keep: false })} />
}
