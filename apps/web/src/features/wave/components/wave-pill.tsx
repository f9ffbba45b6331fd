'use client'
import { Ban, Check, Clock, OctagonPause, Pause } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'
import type { WaveState } from '../wave-state.ts'

const LOOKS: Readonly<Record<WaveState, { tone: Tone; icon?: LucideIcon; pulse?: boolean }>> = {
  PLANNED: { tone: 'neutral', icon: Clock },
  REPLICATING: { tone: 'info', pulse: true },
  READY: { tone: 'success' },
  CUTOVER: { tone: 'accent', pulse: true },
  PAUSED: { tone: 'warning', icon: Pause },
  BLOCKED: { tone: 'danger', icon: OctagonPause },
  COMPLETED: { tone: 'success', icon: Check },
  ENDED: { tone: 'neutral', icon: Ban },
}

/** A wave's state in a word. */
export function WavePill({ state }: { state: WaveState }) {
  const t = useTranslations('migrate.waveState')
  return <Pill {...LOOKS[state]}>{t(state)}</Pill>
}
