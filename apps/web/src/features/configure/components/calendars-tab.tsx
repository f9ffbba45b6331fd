'use client'
import type { SiteCalendar, SlotTerms } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { CalendarDays } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { ZonedTimes } from '@/features/windows/components/zoned-times.tsx'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { toTime } from '../schedule-draft.ts'
import { useDayName } from './day-toggles.tsx'
import { EditCalendar } from './edit-calendar.tsx'
import { useSlotWords } from './use-slot-words.ts'

const MINUTES_A_DAY = 1440

/** What each target site publishes: who may book when, and by what rules. */
export function CalendarsTab() {
  const t = useTranslations('configure.calendars')
  const mayChange = useMay('manage-provider-sites')
  const query = useQuery(useTRPC().configure.calendars.queryOptions())
  return (
    <Loaded query={query}>
      {(sites) => sites.length === 0 ? <Card><EmptyState icon={CalendarDays} title={t('empty.title')} description={t('empty.description')} /></Card> : (
        <ul className="grid gap-4 xl:grid-cols-2">
          {sites.map((site) => (
            <li key={site.siteId} className="min-w-0">
              <Card className="h-full">
                <CardHeader title={site.siteName} description={site.calendar === null ? t('none') : t('zone', { zone: site.calendar.zone })} actions={mayChange && <EditCalendar site={site} />} />
                {site.calendar !== null && <CardBody><Summary calendar={site.calendar} /></CardBody>}
              </Card>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  )
}

function Summary({ calendar }: { calendar: SiteCalendar }) {
  const t = useTranslations('configure.calendars')
  const formats = useFormats()
  const day = useDayName()
  const words = useSlotWords()
  const times = ({ startMinute, lengthMinutes, lockoutMinutes }: SlotTerms) => {
    const end = startMinute + lengthMinutes
    return t('times', { from: toTime(startMinute), to: toTime(end % MINUTES_A_DAY), lockout: toTime((end - lockoutMinutes) % MINUTES_A_DAY) })
  }
  return (
    <div className="flex flex-col gap-4">
      <Part title={t('form.patterns')} none={t('noPatterns')}>
        {calendar.patterns.map((pattern) => <li key={`${pattern.days.join()} ${pattern.startMinute}`}><span className="font-medium">{formats.list(pattern.days.map((one) => day(one, 'short')))}, {times(pattern)}</span> <span className="text-muted">{words(pattern)}</span></li>)}
      </Part>
      {calendar.exceptions.length > 0 && (
        <Part title={t('form.exceptions')}>
          {calendar.exceptions.map(({ date, reason, slots }) => <li key={date}><span className="font-medium">{formats.date(new Date(`${date}T12:00:00Z`))}</span> <span className="text-muted">{[...(reason === '' ? [] : [reason]), ...(slots.length === 0 ? [t('closedDay')] : slots.map((slot) => `${times(slot)}, ${words(slot)}`))].join('; ')}</span></li>)}
        </Part>
      )}
      {calendar.blackouts.length > 0 && (
        <Part title={t('form.blackouts')}>
          {calendar.blackouts.map(({ fromMs, toMs, reason }) => <li key={fromMs}><ZonedTimes startsAt={new Date(fromMs)} endsAt={new Date(toMs)} siteZone={calendar.zone} /><span className="text-xs text-muted">{reason}</span></li>)}
        </Part>
      )}
      <KeyValueList items={[
        { label: t('notice'), value: calendar.noticeHours === 0 ? t('noNotice') : formats.duration(calendar.noticeHours * 3_600) },
        { label: t('hold'), value: formats.duration(calendar.holdHours * 3_600) },
        { label: t('form.ownTimes'), value: t(calendar.ownTimes ? 'yes' : 'no') },
      ]} />
    </div>
  )
}

function Part({ title, none, children }: { title: string; none?: string; children: ReactNode[] }) {
  return (
    <section>
      <h3 className="mb-1.5 text-xs font-medium text-muted">{title}</h3>
      {children.length === 0 ? <p className="text-sm text-muted">{none}</p> : <ul className="flex flex-col gap-1.5 text-sm">{children}</ul>}
    </section>
  )
}
