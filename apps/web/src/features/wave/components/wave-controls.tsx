'use client'
import { MIGRATION_ENDED } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { ChartSpline, Pause, Play, X } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import type { Wave } from '../wave-types.ts'
import { ShareWave } from '@/features/sharing/components/share-wave.tsx'
import { WaveShipment } from '@/features/shipments/components/send-by-device.tsx'
import { ChangePlan } from './change-plan.tsx'
import { FinalMigrationButton } from './final-migration-button.tsx'
import { RatesDialog } from './rates-dialog.tsx'
import { useWaveAction } from './use-wave-action.ts'

/** What an operator can do to the whole wave. */
export function WaveControls({ wave }: { wave: Wave }) {
  const t = useTranslations('wave')
  const trpc = useTRPC()
  const action = useWaveAction()
  const mayControl = useMay('control-replication')
  const control = useMutation(trpc.wave.control.mutationOptions({ onError: action.failed }))
  const cancel = useMutation(trpc.wave.cancel.mutationOptions({ onSuccess: ({ cancelled }) => action.done(t('cancelWave.done', { count: cancelled })), onError: action.failed }))
  const over = wave.migrations.every(({ status }) => MIGRATION_ENDED.includes(status))
  const ready = wave.migrations.filter((migration) => migration.status === 'READY_FOR_CUTOVER' && migration.cutoverRequestedAt === null)
  const togglePause = () => control.mutate({ waveId: wave.id, paused: !wave.paused }, { onSuccess: () => action.done(t(wave.paused ? 'controls.resumed' : 'controls.paused')) })
  return (
    <>
      {wave.startedAt !== null && <Button asChild><Link href={`/statistics?wave=${wave.id}`}><ChartSpline aria-hidden />{t('controls.statistics')}</Link></Button>}
      <WaveShipment waveId={wave.id} />
      <ShareWave waveId={wave.id} />
      {mayControl && !over && (
        <>
          {wave.startedAt !== null && <Button busy={control.isPending} onClick={togglePause}>{wave.paused ? <Play aria-hidden /> : <Pause aria-hidden />}{t(wave.paused ? 'controls.resume' : 'controls.pause')}</Button>}
          <RatesDialog wave={wave} />
          <ChangePlan wave={wave} />
          <Confirm danger trigger={<Button variant="danger"><X aria-hidden />{t('controls.cancelWave')}</Button>} title={t('cancelWave.title')} description={t('cancelWave.description')} action={t('cancelWave.action')} onConfirm={() => cancel.mutateAsync({ waveId: wave.id })} />
        </>
      )}
      {wave.cutoverMode === 'MANUAL' && ready.length > 0 && <FinalMigrationButton migrations={ready} all />}
    </>
  )
}
