'use client'
import { useMutation } from '@tanstack/react-query'
import { Play } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { useWaveAction } from './use-wave-action.ts'

/** Starts a planned wave; nothing for those who may not. */
export function StartButton({ waveId }: { waveId: string }) {
  const t = useTranslations('wave.controls')
  const action = useWaveAction()
  const start = useMutation(useTRPC().wave.start.mutationOptions({ onSuccess: () => action.done(t('started')), onError: action.failed }))
  if (!useMay('control-replication')) return null
  return <Button variant="primary" size="sm" busy={start.isPending} onClick={() => start.mutate({ waveId })}><Play aria-hidden />{t('start')}</Button>
}
