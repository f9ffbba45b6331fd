'use client'
import { CUTOVER_COMMITTING, MIGRATION_ENDED } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { ChartSpline, X } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { Pill } from '@/ui/pill.tsx'
import { Tooltip } from '@/ui/tooltip.tsx'
import type { Wave, WaveMigration } from '../wave-types.ts'
import { FinalMigrationButton } from './final-migration-button.tsx'
import { StartTest } from './start-test.tsx'
import { VmRates } from './vm-rates.tsx'
import { KeepWayBack } from './way-back.tsx'
import { useWaveAction } from './use-wave-action.ts'

/** What can be done with one VM: its final migration, its statistics, giving it up. */
export function VmActions({ wave, migration }: { wave: Wave; migration: WaveMigration }) {
  const t = useTranslations('wave')
  const action = useWaveAction()
  const mayControl = useMay('control-replication')
  const cancel = useMutation(useTRPC().wave.cancelMigration.mutationOptions({ onSuccess: () => action.done(t('cancelVm.done', { name: migration.name })), onError: action.failed }))
  const last = migration.attempts.at(-1)
  const frozen = last !== undefined && CUTOVER_COMMITTING.includes(last.status)
  // An agent that has not said what it can do is older than the question.
  const bothOffer = (what: 'testBoot' | 'wayBack') => [wave.source, wave.target].every((side) => side?.[what] !== false)
  const cancellable = mayControl && !MIGRATION_ENDED.includes(migration.status) && !frozen
  return (
    <div className="flex items-center justify-end" role="group" aria-label={t('vms.actions', { name: migration.name })}>
      {migration.cutoverRequestedAt !== null && <Pill tone="accent">{t('final.requested')}</Pill>}
      {wave.cutoverMode === 'MANUAL' && migration.status === 'READY_FOR_CUTOVER' && migration.cutoverRequestedAt === null && <FinalMigrationButton migrations={[migration]} />}
      {migration.status === 'READY_FOR_CUTOVER' && migration.cutoverRequestedAt === null && !wave.paused && bothOffer('testBoot') && <StartTest wave={wave} migration={migration} />}
      {migration.status === 'COMPLETED' && migration.wayBack === null && bothOffer('wayBack') && <KeepWayBack migration={migration} />}
      {wave.startedAt !== null && (
        <Tooltip content={t('vms.menu.statistics')}>
          <Button asChild variant="ghost" size="icon"><Link href={`/statistics?wave=${wave.id}&vm=${migration.vmId}`} aria-label={t('vms.menu.statistics')}><ChartSpline aria-hidden /></Link></Button>
        </Tooltip>
      )}
      {cancellable && <VmRates wave={wave} migration={migration} />}
      {cancellable && (
        <Confirm danger trigger={<Button variant="ghost" size="icon" aria-label={t('vms.menu.cancel')}><X aria-hidden /></Button>} title={t('cancelVm.title', { name: migration.name })} description={t('cancelVm.description')} action={t('cancelVm.action')} onConfirm={() => cancel.mutateAsync({ migrationId: migration.id })} />
      )}
    </div>
  )
}
