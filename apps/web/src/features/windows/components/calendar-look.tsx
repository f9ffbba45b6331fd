'use client'
import { useTranslations } from 'next-intl'
import { cn } from '@/ui/cn.ts'
import type { EntryTone } from './use-entry-text.ts'

/** How an entry is drawn; told apart by its border as well as by its colour. */
export const ENTRY_LOOK = {
  free: 'border-success bg-success-soft text-success',
  yours: 'border-accent bg-accent-soft text-accent',
  pending: 'border-dashed border-warning bg-warning-soft text-warning',
  closed: 'border-control bg-sunken text-muted',
  blackout: 'border-double border-danger bg-danger-soft text-danger',
} as const satisfies Record<EntryTone, string>

const TONES = ['free', 'yours', 'pending', 'closed', 'blackout'] as const satisfies readonly EntryTone[]

export function CalendarLegend() {
  const t = useTranslations('windows.calendar.legend')
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {TONES.map((tone) => <span key={tone} className="inline-flex items-center gap-1.5"><span aria-hidden className={cn('size-3 rounded border-2', ENTRY_LOOK[tone])} />{t(tone)}</span>)}
    </p>
  )
}
