'use client'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'
import type { Booking } from './windows-page.tsx'

const TONES = {
  REQUESTED: 'warning', COUNTER_OFFERED: 'warning', APPROVED: 'success', LOCKED: 'success', IN_PROGRESS: 'info',
  DONE: 'neutral', REJECTED: 'danger', EXPIRED: 'neutral', WITHDRAWN: 'neutral',
} as const satisfies Record<Booking['status'], Tone>

export function BookingStatusPill({ status }: { status: Booking['status'] }) {
  const t = useTranslations('states.booking')
  return <Pill tone={TONES[status]} pulse={status === 'IN_PROGRESS'}>{t(status)}</Pill>
}
