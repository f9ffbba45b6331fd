'use client'
import { defaultLockoutMs, isProviderRole } from '@driftless/domain'
import type { SlotDemand } from '@driftless/domain'
import { useNow, useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import { isLeftOut, ownTimeOf } from '../time/time-draft.ts'
import { SlotPicker } from './slot-picker.tsx'
import { TakenSlots } from './taken-slots.tsx'
import type { TimeChoice } from './use-time-choice.ts'
import { ZonedTimes } from './zoned-times.tsx'

const HOUR_MS = 3_600_000
type Site = { readonly id: string; readonly name: string }

/** A slot of the site's calendar, or a time of one's own. `asked`: say what is missing. `extra` stands beside the choice between the two. */
export function TimeFields({ choice, site, demand, asked, extra }: { choice: TimeChoice; site: Site; demand: SlotDemand | null; asked: boolean; extra?: ReactNode }) {
  const t = useTranslations('windows.time')
  const { board, mode } = choice
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        {board?.zone != null && (
          <Segmented
            label={t('label')} value={mode} onValueChange={(next) => choice.change({ mode: next === 'slot' ? 'slot' : 'own', nowMs: null })}
            options={[{ value: 'slot', label: t('slot') }, { value: 'own', label: t('own') }]}
          />
        )}
        {extra}
      </div>
      {board?.zone != null && <Rules choice={choice} />}
      {mode === 'slot' ? <SlotPicker choice={choice} demand={demand} asked={asked} /> : <OwnTime choice={choice} site={site} asked={asked} />}
    </div>
  )
}

/** By what rules the site is booked. */
function Rules({ choice: { board, mode } }: { choice: TimeChoice }) {
  const t = useTranslations('windows.time')
  if (board === undefined) return null
  const words = [
    board.noticeHours === 0 ? t('noNotice') : t('notice', { hours: board.noticeHours }),
    ...(board.holdHours === null ? [] : [t('hold', { hours: board.holdHours })]),
    ...(mode === 'own' && board.ownTimes ? [t('between')] : []),
  ]
  return <p className="text-xs text-muted">{words.join(' ')}</p>
}

function OwnTime({ choice, site, asked }: { choice: TimeChoice; site: Site; asked: boolean }) {
  const t = useTranslations('windows.book')
  const times = useTranslations('windows.time')
  const formats = useFormats()
  // The site's rules bind customers; the provider's own scheduler may waive them.
  const staff = isProviderRole(usePerson().role)
  const now = useNow({ updateInterval: 60_000 })
  const { draft, change, board, zone } = choice
  const own = ownTimeOf(draft, zone)
  const needed = (typed: string) => (asked && typed === '' ? t('timeNeeded') : undefined)
  return (
    <>
      {board?.ownTimes === false && !staff && <Notice tone="warning">{times('ownOff')}</Notice>}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('starts')} error={needed(draft.starts)}>
          {(control) => <Input {...control} type="datetime-local" value={draft.starts} onChange={(event) => change({ starts: event.target.value, nowMs: null })} />}
        </Field>
        <Field label={t('ends')} error={asked && own === null ? t('endNeeded') : undefined}>
          {(control) => <Input {...control} type="datetime-local" value={draft.ends} onChange={(event) => change({ ends: event.target.value })} />}
        </Field>
      </div>
      {(isLeftOut(draft.starts, zone) || isLeftOut(draft.ends, zone)) && <Notice tone="warning">{times('leftOut')}</Notice>}
      {own !== null && (
        <Notice>
          <ZonedTimes {...own} siteZone={board?.zone ?? null} />
          <p className="mt-1.5">{t('lockout', { length: formats.duration((own.endsAt.getTime() - own.startsAt.getTime()) / 1000), lockout: formats.dateTime(defaultLockoutMs(own.startsAt.getTime(), own.endsAt.getTime())) })}</p>
        </Notice>
      )}
      {!staff && own !== null && board !== undefined && board.noticeHours > 0 && own.startsAt.getTime() < now.getTime() + board.noticeHours * HOUR_MS && <Notice tone="warning">{times('tooSoon', { hours: board.noticeHours })}</Notice>}
      {own !== null && <TakenSlots siteId={site.id} siteName={site.name} wanted={own} />}
    </>
  )
}
