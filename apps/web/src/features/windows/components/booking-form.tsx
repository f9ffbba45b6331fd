'use client'
import { defaultLockoutMs } from '@driftless/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MoveRight } from 'lucide-react'
import { useTimeZone, useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Input, Textarea } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Select } from '@/ui/select.tsx'
import { toast } from '@/ui/toaster.tsx'
import { fromLocalInput, nextHour, toLocalInput } from '../time/local-time.ts'
import { TakenSlots } from './taken-slots.tsx'

type Wave = Outputs['windows']['bookableWaves'][number]
const HOUR_MS = 3_600_000

/** Which wave, from when to when. The server decides; what is known to be wrong is said before. */
export function BookingForm({ waveId, onDone }: { waveId: string | null; onDone: () => void }) {
  const t = useTranslations('windows.book')
  const trpc = useTRPC()
  const waves = useQuery(trpc.windows.bookableWaves.queryOptions())
  return (
    <Loaded query={waves}>
      {(known) => known.length === 0
        ? <EmptyState icon={MoveRight} title={t('noWaves.title')} description={t('noWaves.description')} action={<Button asChild><Link href="/migrate">{t('noWaves.action')}</Link></Button>} />
        : <Form waves={known} first={known.find((wave) => wave.id === waveId)?.id ?? (waveId === null && known.length === 1 ? (known[0]?.id ?? '') : '')} onDone={onDone} />}
    </Loaded>
  )
}

function Form({ waves, first, onDone }: { waves: Wave[]; first: string; onDone: () => void }) {
  const t = useTranslations('windows.book')
  const formats = useFormats()
  const zone = useTimeZone() ?? 'UTC'
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [waveId, setWaveId] = useState(first)
  const [starts, setStarts] = useState(() => toLocalInput(nextHour(new Date())))
  const [ends, setEnds] = useState(() => toLocalInput(new Date(nextHour(new Date()).getTime() + HOUR_MS)))
  const [now, setNow] = useState(false)
  const [note, setNote] = useState('')
  const [asked, setAsked] = useState(false)
  const book = useMutation(trpc.windows.book.mutationOptions({
    onSuccess: () => {
      toast.success(t('done'))
      onDone()
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.windows.pathKey() }),
  }))
  const wave = waves.find(({ id }) => id === waveId)
  const startsAt = fromLocalInput(starts)
  const endsAt = fromLocalInput(ends)
  const ordered = startsAt !== null && endsAt !== null && startsAt < endsAt
  const startNow = () => {
    const at = new Date()
    setNow(true)
    setStarts(toLocalInput(at))
    setEnds(toLocalInput(new Date(at.getTime() + HOUR_MS)))
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (wave === undefined || !ordered) return
    // "Now" means the moment of sending, however long the form was open.
    const shift = now ? Date.now() - startsAt.getTime() : 0
    book.mutate({ waveId: wave.id, startsAt: new Date(startsAt.getTime() + shift), endsAt: new Date(endsAt.getTime() + shift), note })
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {book.error && <Notice tone="danger">{errorText(book.error)}</Notice>}
      <Field label={t('wave')} error={asked && wave === undefined ? t('waveNeeded') : undefined} hint={wave && t('waveHint', { ready: wave.ready, count: wave.vms, site: wave.targetSiteName })}>
        {(control) => <Select {...control} value={waveId} onValueChange={setWaveId} placeholder={t('wavePlaceholder')} options={waves.map(({ id, name, vms, destinationName }) => ({ value: id, label: name, detail: t('waveDetail', { count: vms, destination: destinationName }) }))} />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('starts')} error={asked && startsAt === null ? t('timeNeeded') : undefined}>
          {(control) => <Input {...control} type="datetime-local" value={starts} onChange={(event) => { setNow(false); setStarts(event.target.value) }} />}
        </Field>
        <Field label={t('ends')} error={asked && (endsAt === null || !ordered) ? t('endNeeded') : undefined}>
          {(control) => <Input {...control} type="datetime-local" value={ends} onChange={(event) => setEnds(event.target.value)} />}
        </Field>
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Button size="sm" aria-pressed={now} onClick={startNow}>{t('startNow')}</Button>
        <p className="text-xs text-muted">{t('zone', { zone })}</p>
      </div>
      {ordered && <Notice>{t('lockout', { length: formats.duration((endsAt.getTime() - startsAt.getTime()) / 1000), lockout: formats.dateTime(defaultLockoutMs(startsAt.getTime(), endsAt.getTime())) })}</Notice>}
      {wave !== undefined && ordered && <TakenSlots siteId={wave.targetSiteId} siteName={wave.targetSiteName} wanted={{ startsAt, endsAt }} />}
      <Field label={t('note')} hint={t('noteHint')}>{(control) => <Textarea {...control} rows={2} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />}</Field>
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={book.isPending}>{t('submit')}</Button></div>
    </form>
  )
}
