'use client'
import { isReturnOver } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { Hourglass } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { useWaveAction } from '@/features/wave/components/use-wave-action.ts'
import type { Wave, WaveMigration } from '@/features/wave/wave-types.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Pill } from '@/ui/pill.tsx'
import { ReturnButton } from './return-button.tsx'

/** VMs that run at the target and are looked at, and VMs on their way home. */
export function ValidationCards({ wave }: { wave: Wave }) {
  const shown = wave.migrations.filter(({ validation, vmReturn }) => validation !== null || vmReturn !== null)
  if (shown.length === 0) return null
  const open = shown.filter(({ validation, vmReturn }) => validation?.accepted === false && (vmReturn === null || isReturnOver(vmReturn.status)))
  return (
    <section className="flex flex-col gap-3">
      {open.length > 1 && <AcceptButton migrationIds={open.map(({ id }) => id)} name={null} />}
      <div className="grid items-start gap-6 lg:grid-cols-2">{shown.map((migration) => <ValidationCard key={migration.id} wave={wave} migration={migration} />)}</div>
    </section>
  )
}

function AcceptButton({ migrationIds, name }: { migrationIds: string[]; name: string | null }) {
  const t = useTranslations('validation.accept')
  const action = useWaveAction()
  const accept = useMutation(useTRPC().validation.accept.mutationOptions({ onSuccess: () => action.done(t('done', { count: migrationIds.length })), onError: action.failed }))
  if (!useMay('decide-go-no-go')) return null
  return (
    <Confirm
      trigger={<Button variant="primary" size="sm" className="self-start" disabled={accept.isPending}>{name === null ? t('all', { count: migrationIds.length }) : t('action')}</Button>}
      title={name === null ? t('titleAll', { count: migrationIds.length }) : t('title', { name })} description={t('description')} action={t('action')} onConfirm={() => accept.mutateAsync({ migrationIds })}
    />
  )
}

function ValidationCard({ wave, migration: { id, name, validation, vmReturn } }: { wave: Wave; migration: WaveMigration }) {
  const t = useTranslations('validation')
  const { dateTime, duration } = useFormats()
  const returning = vmReturn !== null && !isReturnOver(vmReturn.status)
  const left = validation === null ? null : Math.max(0, (validation.endsAt.getTime() - wave.now.getTime()) / 1000)
  return (
    <Card>
      <CardHeader
        title={<span className="flex items-center gap-2"><Hourglass className="size-4 text-muted" aria-hidden />{t(validation === null || returning ? 'returnOf' : 'card', { name })}</span>}
        actions={vmReturn !== null && (returning || validation === null) ? <Pill tone={returning ? 'accent' : vmReturn.status === 'RETURNED' ? 'success' : 'warning'} pulse={returning}>{t(`step.${vmReturn.status}`)}</Pill> : <Pill tone="accent">{left !== null && left > 0 ? t('left', { time: duration(left) }) : t('over')}</Pill>}
      />
      <CardBody className="flex flex-col items-start gap-4">
        {vmReturn?.failureMessage != null && <Notice tone="warning" title={t('calledOff')}>{vmReturn.failureMessage}</Notice>}
        <KeyValueList
          className="w-full"
          items={[
            ...(validation === null ? [] : [{ label: t('endsAt'), value: dateTime(validation.endsAt) }, { label: t('then'), value: t(vmReturn?.status === 'CALLED_OFF' ? 'thenNothing' : `byDefault.${validation.byDefault}`) }, { label: t('wayBack'), value: t(validation.wayBack ? 'wayBackOn' : 'wayBackOff') }]),
            ...(vmReturn === null ? [] : [{ label: t('return.asked'), value: t('return.askedBy', { name: vmReturn.byDefault ? t('asAgreed') : vmReturn.askedByName, at: dateTime(vmReturn.askedAt) }) }, { label: t('return.reason'), value: vmReturn.reason }]),
          ]}
        />
        {validation?.accepted === false && !returning && (
          <div className="flex flex-wrap gap-2">
            <AcceptButton migrationIds={[id]} name={name} />
            <ReturnButton migrationId={id} name={name} lostSince={validation.wayBack ? null : dateTime(validation.since)} />
          </div>
        )}
      </CardBody>
    </Card>
  )
}
