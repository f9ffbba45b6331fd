'use client'
import type { ShipmentStatus } from '@driftless/domain'
import { Check, CircleDashed, Truck } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Shipment } from '../shipment-types.ts'

/** What a shipment passes, in this order; importing is on the way to having been imported. */
const STOPS = ['PREPARED', 'HANDED_OVER', 'RECEIVED', 'IMPORTED', 'CAUGHT_UP'] as const satisfies readonly ShipmentStatus[]

/** Where the devices are on their way, each stop with when it was reached. */
export function Timeline({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments')
  const { dateTime, date } = useFormats()
  const { reached, status, expectedAt, late } = shipment
  const next = STOPS.find((stop) => reached[stop] === undefined)
  const aside = (stop: (typeof STOPS)[number]) => {
    const at = reached[stop]
    if (at) return dateTime(at)
    if (stop === 'RECEIVED' && status === 'HANDED_OVER' && expectedAt) return t(late ? 'timeline.wasExpected' : 'timeline.expected', { date: date(expectedAt) })
    if (status === 'CANCELLED') return t('timeline.never')
    return stop === next ? t(`timeline.now.${stop}`) : t('timeline.later')
  }
  return (
    <ol aria-label={t('timeline.label')} className="grid gap-3 rounded-xl border bg-surface p-4 shadow-sm sm:grid-cols-5 sm:gap-2">
      {STOPS.map((stop) => {
        const done = reached[stop] !== undefined
        const current = stop === next && status !== 'CANCELLED'
        const Icon = done ? Check : current && stop === 'RECEIVED' ? Truck : CircleDashed
        return (
          <li key={stop} aria-current={current ? 'step' : undefined} className="flex items-start gap-3 sm:flex-col sm:gap-2">
            <span className={cn('grid size-7 shrink-0 place-items-center rounded-full border', done ? 'border-accent bg-accent text-on-accent' : current ? 'border-accent text-accent' : 'text-muted')}><Icon className="size-3.5" aria-hidden /></span>
            <span className="min-w-0">
              <span className={cn('block text-sm font-medium', !done && !current && 'text-muted')}>{t(`status.${stop}`)}</span>
              <span className={cn('block text-xs text-muted', late && stop === 'RECEIVED' && 'font-medium text-danger')}>{aside(stop)}</span>
            </span>
          </li>
        )
      })}
    </ol>
  )
}
