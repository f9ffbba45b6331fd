'use client'
import { useFormatter, useTimeZone, useTranslations } from 'next-intl'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'

const WHEN = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric', minute: '2-digit' } as const
/** Names under which browsers know UTC. */
const UTC_NAMES: ReadonlySet<string> = new Set(['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'Etc/UCT', 'Etc/Zulu', 'Etc/Universal'])
const nameOf = (zone: string) => (UTC_NAMES.has(zone) ? 'UTC' : zone)

/** A time, or a span, by the viewer's clock, the site's clock and UTC, each with its name; clocks of one zone share a line. `siteZone` null: the site has told none. */
export function ZonedTimes({ startsAt, endsAt, siteZone, className }: { startsAt: Date; endsAt?: Date; siteZone: string | null; className?: string }) {
  const t = useTranslations('windows.zones')
  const format = useFormatter()
  const { list } = useFormats()
  const viewerZone = useTimeZone() ?? 'UTC'
  const clocks = [{ zone: nameOf(viewerZone), label: t('yours') }, ...(siteZone === null ? [] : [{ zone: nameOf(siteZone), label: t('site') }]), { zone: 'UTC', label: 'UTC' }]
  const lines = [...Map.groupBy(clocks, ({ zone }) => zone)]
  const text = (timeZone: string) => (endsAt === undefined ? format.dateTime(startsAt, { ...WHEN, timeZone }) : format.dateTimeRange(startsAt, endsAt, { ...WHEN, timeZone }))
  return (
    <span className={cn('block tabular-nums', className)}>
      {lines.map(([zone, named], at) => {
        const label = list(named.map((clock) => clock.label))
        return (
          <span key={zone} className={cn('block', at === 0 ? 'text-sm' : 'text-xs text-muted')}>
            <span className={cn(at === 0 && 'font-medium')}>{text(zone)}</span>{' '}
            <span className="text-xs text-muted">· {zone === 'UTC' ? label : t('named', { label, zone })}</span>
          </span>
        )
      })}
    </span>
  )
}
