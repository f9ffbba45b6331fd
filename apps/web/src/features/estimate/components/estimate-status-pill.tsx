'use client'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'

type Status = Outputs['estimate']['list'][number]['status']
const TONES = { OBSERVING: 'info', DONE: 'success', CANCELLED: 'neutral' } as const satisfies Record<Status, Tone>

export function EstimateStatusPill({ status }: { status: Status }) {
  const t = useTranslations('estimate.status')
  return <Pill tone={TONES[status]} pulse={status === 'OBSERVING'}>{t(status)}</Pill>
}
