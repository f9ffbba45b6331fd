'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import { fromDraft, parseMbits, parseShare, toDraft, typedMbits, typedShare } from '../schedule-draft.ts'
import type { Site } from './configure-page.tsx'
import { ScheduleLines } from './schedule-lines.tsx'
import { ZoneField } from './zone-field.tsx'

const WORDS = { SOURCE: 'configure.limit', TARGET: 'configure.targetLine' } as const

/**
 * Changes what all waves of a source site may send together, and what probes of its line may take; or says what a target site's line takes in. Always or
 * by day and time; an empty rate takes it away.
 */
export function EditLimit({ site }: { site: Site }) {
  const t = useTranslations(WORDS[site.kind])
  const [open, setOpen] = useState(false)
  return (
    <Dialog className="max-w-xl" open={open} onOpenChange={setOpen} title={t('title', { site: site.name })} description={t('description')} trigger={<Button size="sm" aria-label={t('changeOf', { site: site.name })}>{t('change')}</Button>}>
      {open && <Form site={site} onDone={() => setOpen(false)} />}
    </Dialog>
  )
}

function Form({ site, onDone }: { site: Site; onDone: () => void }) {
  const t = useTranslations('configure.limit')
  const own = useTranslations(WORDS[site.kind])
  const source = site.kind === 'SOURCE'
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [mbits, setMbits] = useState(typedMbits(site.limitBytesPerSecond))
  const [lines, setLines] = useState(() => toDraft(site.schedule))
  const [zone, setZone] = useState(() => site.schedule?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [probes, setProbes] = useState(typedShare(site.probeShare))
  const [asked, setAsked] = useState(false)
  const limit = useMutation(trpc.configure.limitSite.mutationOptions({
    onSuccess: () => {
      toast.success(own('done', { site: site.name }))
      onDone()
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.configure.sites.queryKey() }),
  }))
  const bytesPerSecond = parseMbits(mbits)
  const schedule = fromDraft(zone, lines)
  const probeShare = parseShare(probes)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (bytesPerSecond !== undefined && schedule !== undefined && probeShare !== undefined) limit.mutate({ siteId: site.id, bytesPerSecond, schedule, ...(source ? { probeShare } : {}) })
  }
  return (
    <form noValidate className="flex flex-col gap-5" onSubmit={submit}>
      {limit.error && <Notice tone="danger">{errorText(limit.error)}</Notice>}
      <Field label={own('field')} hint={own('hint')} error={asked && bytesPerSecond === undefined ? t('wrong') : undefined}>
        {(control) => <Input {...control} inputMode="decimal" value={mbits} placeholder={own('none')} onChange={(event) => setMbits(event.target.value)} className="w-48" />}
      </Field>
      <section className="flex flex-col gap-3">
        <div>
          <h3 className="text-sm font-medium">{t('schedule')}</h3>
          <p className="text-xs text-muted">{own('scheduleHint')}</p>
        </div>
        <ScheduleLines lines={lines} asked={asked} onChange={setLines} />
        {lines.length > 0 && <ZoneField zone={zone} onChange={setZone} />}
      </section>
      {source && <Field label={t('probes')} hint={t('probesHint')} error={asked && probeShare === undefined ? t('probesWrong') : undefined}>
        {(control) => <Input {...control} inputMode="decimal" value={probes} onChange={(event) => setProbes(event.target.value)} className="w-48" />}
      </Field>}
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={limit.isPending}>{own('save')}</Button></div>
    </form>
  )
}
