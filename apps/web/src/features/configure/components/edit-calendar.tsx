'use client'
import { isZone } from '@driftless/domain'
import type { SiteCalendar } from '@driftless/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field, Label } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Switch } from '@/ui/switch.tsx'
import { fromCalendarDraft, toCalendarDraft } from '../calendar-draft.ts'
import { BlackoutLines, ExceptionLines, PatternLines } from './calendar-lines.tsx'
import { CalendarReview } from './calendar-review.tsx'
import { ZoneField } from './zone-field.tsx'

export type PublishedCalendar = Outputs['configure']['calendars'][number]
export type CalendarConflicts = Outputs['configure']['checkCalendar']

/** Changes what a target site publishes: typed, then checked and looked at, then published. */
export function EditCalendar({ site }: { site: PublishedCalendar }) {
  const t = useTranslations('configure.calendars')
  const [open, setOpen] = useState(false)
  return (
    <Dialog className="max-w-4xl" open={open} onOpenChange={setOpen} title={t('form.title', { site: site.siteName })} description={t('form.description')} trigger={<Button size="sm" aria-label={t('changeOf', { site: site.siteName })}>{t(site.calendar === null ? 'publish' : 'change')}</Button>}>
      {open && <Editor site={site} onDone={() => setOpen(false)} />}
    </Dialog>
  )
}

function Editor({ site, onDone }: { site: PublishedCalendar; onDone: () => void }) {
  const [draft, setDraft] = useState(() => toCalendarDraft(site.calendar, Intl.DateTimeFormat().resolvedOptions().timeZone))
  // What was being edited when it was opened: who saves over somebody else's change is told so.
  const [revision] = useState(site.revision)
  const [checked, setChecked] = useState<{ calendar: SiteCalendar; conflicts: CalendarConflicts } | null>(null)
  return checked === null
    ? <Form siteId={site.siteId} draft={draft} onDraft={setDraft} onChecked={setChecked} />
    : <CalendarReview site={site} revision={revision} calendar={checked.calendar} conflicts={checked.conflicts} onBack={() => setChecked(null)} onDone={onDone} />
}

type Draft = ReturnType<typeof toCalendarDraft>
type FormProps = { siteId: string; draft: Draft; onDraft: (draft: Draft) => void; onChecked: (checked: { calendar: SiteCalendar; conflicts: CalendarConflicts }) => void }

function Form({ siteId, draft, onDraft, onChecked }: FormProps) {
  const t = useTranslations('configure.calendars.form')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [asked, setAsked] = useState(false)
  const change = (changed: Partial<Draft>) => onDraft({ ...draft, ...changed })
  const calendar = isZone(draft.zone) ? fromCalendarDraft(draft) : undefined
  // A question of a button's, not of the page's: it is asked anew each time.
  const check = useMutation({
    mutationFn: (wanted: SiteCalendar) => client.fetchQuery({ ...trpc.configure.checkCalendar.queryOptions({ siteId, calendar: wanted }), staleTime: 0 }),
    onSuccess: (conflicts, wanted) => onChecked({ calendar: wanted, conflicts }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (calendar !== undefined) check.mutate(calendar)
  }
  const hours = (what: 'noticeHours' | 'holdHours') => (
    <Field label={t(what)} hint={t(`${what}Hint`)} error={asked && !/^\s*\d{1,6}\s*$/.test(draft[what]) ? t('faults.hours') : undefined}>
      {(control) => <Input {...control} inputMode="numeric" value={draft[what]} onChange={(event) => change({ [what]: event.target.value })} className="w-32" />}
    </Field>
  )
  return (
    <form noValidate className="flex flex-col gap-6" onSubmit={submit}>
      <ZoneField zone={draft.zone} onChange={(zone) => change({ zone })} />
      <PatternLines lines={draft.patterns} asked={asked} onChange={(patterns) => change({ patterns })} />
      <ExceptionLines lines={draft.exceptions} asked={asked} onChange={(exceptions) => change({ exceptions })} />
      <BlackoutLines lines={draft.blackouts} asked={asked} zone={draft.zone} onChange={(blackouts) => change({ blackouts })} />
      <div className="grid gap-4 sm:grid-cols-2">{hours('noticeHours')}{hours('holdHours')}</div>
      <div className="flex items-start gap-3">
        <Switch id="own-times" checked={draft.ownTimes} onCheckedChange={(ownTimes) => change({ ownTimes })} />
        <div><Label htmlFor="own-times">{t('ownTimes')}</Label><p className="text-xs text-muted">{t('ownTimesHint')}</p></div>
      </div>
      {check.error && <Notice tone="danger">{errorText(check.error)}</Notice>}
      {asked && calendar === undefined && <Notice tone="danger">{t('faulty')}</Notice>}
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={check.isPending}>{t('check')}</Button></div>
    </form>
  )
}
