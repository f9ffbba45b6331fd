'use client'
import { MIGRATION_ENDED } from '@driftless/domain'
import type { TestBootStatus } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'
import type { TestBoot, Wave, WaveMigration } from '../wave-types.ts'
import { useWaveAction } from './use-wave-action.ts'

const LOOKS: Readonly<Record<TestBootStatus, { tone: Tone; pulse?: boolean }>> = {
  STARTING: { tone: 'info', pulse: true },
  MARKING: { tone: 'info', pulse: true },
  BOOTING: { tone: 'info', pulse: true },
  HEALTHY: { tone: 'success' },
  BROKEN: { tone: 'danger' },
  ENDING: { tone: 'neutral', pulse: true },
  ENDED: { tone: 'neutral' },
}

/** The latest test boot of every VM that is still to be moved: how it goes, what came of it. */
export function TestBoots({ wave }: { wave: Wave }) {
  const tested = wave.migrations.flatMap((migration) => (migration.test === null || MIGRATION_ENDED.includes(migration.status) ? [] : [{ migration, test: migration.test }]))
  if (tested.length === 0) return null
  return <div className="grid items-start gap-6 lg:grid-cols-2">{tested.map(({ migration, test }) => <TestCard key={migration.id} wave={wave} migration={migration} test={test} />)}</div>
}

function TestCard({ wave, migration: { id, name, waitDetail }, test }: { wave: Wave; migration: WaveMigration; test: TestBoot }) {
  const t = useTranslations('testBoot')
  const states = useTranslations('states.testBoot')
  const { bytes, dateTime, dateTimeSeconds, milliseconds, relative } = useFormats()
  const mayControl = useMay('control-replication')
  const over = test.status === 'ENDED'
  const ending = over || test.status === 'ENDING'
  // While it is under way, what keeps it waiting; afterwards, why it is broken or has ended.
  const why = test.detail ?? (test.outcome === null && !ending ? waitDetail : null)
  return (
    <Card>
      <CardHeader
        title={<span className="flex items-center gap-2"><FlaskConical className="size-4 text-muted" aria-hidden />{t('card.title', { name })}</span>}
        actions={<Pill {...LOOKS[test.status]}>{states(test.status)}</Pill>}
      />
      <CardBody className="flex flex-col items-start gap-4">
        {test.outcome !== null && !ending && <Notice tone={test.outcome === 'HEALTHY' ? 'success' : 'danger'} className="w-full">{t(`result.${test.outcome}`)}</Notice>}
        <KeyValueList
          className="w-full"
          items={[
            { label: t('card.startedBy'), value: test.startedByName },
            { label: t('card.moment'), value: test.pointAt === null ? t('card.notYet') : dateTimeSeconds(test.pointAt) },
            ...(test.heldMs === null ? [] : [{ label: t('card.held'), value: milliseconds(test.heldMs) }]),
            ...(test.usedBytes === null || ending ? [] : [{ label: t('card.uses'), value: bytes(test.usedBytes) }]),
            ...(ending ? [{ label: t('card.result'), value: test.outcome === null ? t('card.noResult') : states(test.outcome) }] : [{ label: t('card.expires'), value: relative(test.expiresAt, wave.now) }]),
            ...(test.endReason === null ? [] : [{ label: t('card.ended'), value: test.endedAt === null ? t(`endReason.${test.endReason}`) : `${t(`endReason.${test.endReason}`)}, ${dateTime(test.endedAt)}` }]),
            ...(why === null ? [] : [{ label: t('card.why'), value: why }]),
          ]}
        />
        {mayControl && !ending && <Discard migrationId={id} name={name} />}
      </CardBody>
    </Card>
  )
}

function Discard({ migrationId, name }: { migrationId: string; name: string }) {
  const t = useTranslations('testBoot.discard')
  const action = useWaveAction()
  const discard = useMutation(useTRPC().wave.discardTest.mutationOptions({ onSuccess: () => action.done(t('done', { name })), onError: action.failed }))
  return <Confirm trigger={<Button size="sm">{t('action')}</Button>} title={t('title', { name })} description={t('description')} action={t('action')} onConfirm={() => discard.mutateAsync({ migrationId })} />
}
