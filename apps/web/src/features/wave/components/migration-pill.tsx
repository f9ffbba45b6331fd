'use client'
import type { MigrationStatus } from '@driftless/domain'
import { Ban, Check, CircleAlert, Clock, OctagonPause, Undo2 } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'

const LOOKS: Readonly<Record<MigrationStatus, { tone: Tone; icon?: LucideIcon; pulse?: boolean }>> = {
  DRAFT: { tone: 'neutral', icon: Clock },
  ASSESSED: { tone: 'neutral', icon: Clock },
  READY_TO_REPLICATE: { tone: 'info', pulse: true },
  REPLICATING: { tone: 'info', pulse: true },
  READY_FOR_TEST: { tone: 'success' },
  TESTING: { tone: 'info', pulse: true },
  READY_FOR_CUTOVER: { tone: 'success' },
  CUTTING_OVER: { tone: 'accent', pulse: true },
  VALIDATING: { tone: 'accent', pulse: true },
  COMPLETED: { tone: 'success', icon: Check },
  ROLLED_BACK: { tone: 'warning', icon: Undo2 },
  FAILED: { tone: 'danger', icon: CircleAlert },
  CANCELLED: { tone: 'neutral', icon: Ban },
  BLOCKED: { tone: 'danger', icon: OctagonPause },
}

/** A migration's status in a word. */
export function MigrationPill({ status }: { status: MigrationStatus }) {
  const t = useTranslations('states.migration')
  return <Pill {...LOOKS[status]}>{t(status)}</Pill>
}
