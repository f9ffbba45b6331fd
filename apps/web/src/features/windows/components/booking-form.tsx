'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MoveRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { parseMbits } from '@/features/configure/schedule-draft.ts'
import { Button } from '@/ui/button.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { Field } from '@/ui/field.tsx'
import { Input, Textarea } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import { Select } from '@/ui/select.tsx'
import { toast } from '@/ui/toaster.tsx'
import { startNow } from '../time/time-draft.ts'
import { TimeFields } from './time-fields.tsx'
import { useTimeChoice } from './use-time-choice.ts'
import type { TimeWish } from './use-time-choice.ts'

type Wave = Outputs['windows']['bookableWaves'][number]
/** What somebody came for: a wave, or a time at a site's calendar. */
export type BookingWish = { readonly waveId: string | null; readonly time: (TimeWish & { readonly siteId: string }) | null }

/** Which wave, and when: a slot of the target site, or a time of its own. The server decides; what is known to be wrong is said before. */
export function BookingForm({ wish, onDone }: { wish: BookingWish; onDone: () => void }) {
  const t = useTranslations('windows.book')
  const trpc = useTRPC()
  const waves = useQuery(trpc.windows.bookableWaves.queryOptions())
  return (
    <Loaded query={waves}>
      {(known) => {
        if (known.length === 0) return <EmptyState icon={MoveRight} title={t('noWaves.title')} description={t('noWaves.description')} action={<Button asChild><Link href="/migrate">{t('noWaves.action')}</Link></Button>} />
        const fitting = wish.time === null ? known : known.filter(({ targetSiteId }) => targetSiteId === wish.time?.siteId)
        const first = known.find(({ id }) => id === wish.waveId) ?? (wish.waveId === null && fitting.length === 1 ? fitting[0] : undefined)
        return <Form waves={known} first={first?.id ?? ''} wish={wish} onDone={onDone} />
      }}
    </Loaded>
  )
}

function Form({ waves, first, wish, onDone }: { waves: Wave[]; first: string; wish: BookingWish; onDone: () => void }) {
  const t = useTranslations('windows.book')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [waveId, setWaveId] = useState(first)
  const [kind, setKind] = useState<Wave['kinds'][number]>('CUTOVER')
  const [mbits, setMbits] = useState('')
  const [staff, setStaff] = useState('')
  const [note, setNote] = useState('')
  const [asked, setAsked] = useState(false)
  const wave = waves.find(({ id }) => id === waveId)
  const choice = useTimeChoice(wave?.targetSiteId ?? wish.time?.siteId ?? null, wish.time)
  const book = useMutation(trpc.windows.book.mutationOptions({
    onSuccess: () => {
      toast.success(t('done'))
      onDone()
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.windows.pathKey() }),
  }))
  const bandwidthBytesPerSecond = parseMbits(mbits)
  const people = /^\d{0,3}$/.test(staff.trim()) ? Number(staff) : undefined
  const demand = wave === undefined ? null : { cutovers: wave.vms, bandwidthBytesPerSecond: bandwidthBytesPerSecond ?? null, staff: people ?? 0 }
  const shownKind = wave === undefined || wave.kinds.includes(kind) ? kind : (wave.kinds[0] ?? kind)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    const time = choice.chosen()
    if (wave === undefined || time === null || bandwidthBytesPerSecond === undefined || people === undefined) return
    // What is asked for beside the VMs' places is counted in slots alone.
    const beside = 'slotKey' in time ? { bandwidthBytesPerSecond, staff: people } : {}
    book.mutate({ waveId: wave.id, kind: shownKind, note, ...beside, ...time })
  }
  const counts = (what: 'bandwidthBytesPerSecond' | 'staff') => choice.mode === 'slot' && choice.board?.slots.some((slot) => slot[what] !== null) === true
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {book.error && <Notice tone="danger">{errorText(book.error)}</Notice>}
      <Field label={t('wave')} error={asked && wave === undefined ? t('waveNeeded') : undefined} hint={wave && t('waveHint', { ready: wave.ready, count: wave.vms, site: wave.targetSiteName })}>
        {(control) => <Select {...control} value={waveId} onValueChange={setWaveId} placeholder={t('wavePlaceholder')} options={waves.map(({ id, name, vms, destinationName }) => ({ value: id, label: name, detail: t('waveDetail', { count: vms, destination: destinationName }) }))} />}
      </Field>
      {wave !== undefined && wave.kinds.length > 1 && (
        <div><Segmented label={t('kind')} value={shownKind} onValueChange={(next) => setKind(next === 'TEST' ? 'TEST' : 'CUTOVER')} options={wave.kinds.map((value) => ({ value, label: t(`kinds.${value}`) }))} /></div>
      )}
      <TimeFields
        choice={choice} site={{ id: wave?.targetSiteId ?? wish.time?.siteId ?? '', name: wave?.targetSiteName ?? '' }} demand={demand} asked={asked}
        extra={<Button size="sm" aria-pressed={choice.draft.nowMs !== null} onClick={() => choice.change(startNow(choice.draft, new Date(), choice.zone))}>{t('startNow')}</Button>}
      />
      {(counts('bandwidthBytesPerSecond') || counts('staff')) && (
        <div className="grid gap-4 sm:grid-cols-2">
          {counts('bandwidthBytesPerSecond') && <Field label={t('bandwidth')} hint={t('besideHint')} error={bandwidthBytesPerSecond === undefined ? t('bandwidthWrong') : undefined}>{(control) => <Input {...control} inputMode="decimal" value={mbits} onChange={(event) => setMbits(event.target.value)} />}</Field>}
          {counts('staff') && <Field label={t('staff')} hint={t('besideHint')} error={people === undefined ? t('staffWrong') : undefined}>{(control) => <Input {...control} inputMode="numeric" value={staff} onChange={(event) => setStaff(event.target.value)} />}</Field>}
        </div>
      )}
      <Field label={t('note')} hint={t('noteHint')}>{(control) => <Textarea {...control} rows={2} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />}</Field>
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={book.isPending}>{t('submit')}</Button></div>
    </form>
  )
}
