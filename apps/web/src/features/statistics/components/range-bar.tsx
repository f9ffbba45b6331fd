'use client'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { Card } from '@/ui/card.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Pill } from '@/ui/pill.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import { Select } from '@/ui/select.tsx'

export type Asked = { wave: string | null; vm: string | null; from: Date | null; to: Date | null; last: number | null }
type Wave = Outputs['statistics']['read']['wave']

const LAST_SECONDS = [300, 3600, 86_400] as const
const ALL = 'all'

/** What is shown: which wave, which VM, which time. */
export function RangeBar({ choices, wave, waveId, asked, live, onChange }: {
  choices: Outputs['statistics']['choices']
  wave: Wave | null
  waveId: string | null
  asked: Asked
  live: boolean
  onChange: (change: Partial<Asked>) => void
}) {
  const t = useTranslations('statistics')
  const vms = choices.find(({ id }) => id === waveId)?.vms ?? wave?.migrations.map(({ vmId, name }) => ({ vmId, name })) ?? []
  const waves = choices.map(({ id, name }) => ({ value: id, label: name }))
  if (wave && !waves.some(({ value }) => value === wave.id)) waves.push({ value: wave.id, label: wave.name })
  const range = asked.from !== null || asked.to !== null ? 'custom' : (LAST_SECONDS.find((seconds) => seconds === asked.last) ?? 'whole')
  return (
    <Card className="flex flex-wrap items-end gap-4 px-5 py-4">
      <Field label={t('wave')} className="w-full sm:w-56">{(control) => <Select {...control} value={waveId ?? ''} onValueChange={(value) => onChange({ wave: value, vm: null })} options={waves} />}</Field>
      <Field label={t('vm')} className="w-full sm:w-48">{(control) => <Select {...control} value={asked.vm ?? ALL} onValueChange={(value) => onChange({ vm: value === ALL ? null : value })} options={[{ value: ALL, label: t('allVms') }, ...vms.map((vm) => ({ value: vm.vmId, label: vm.name }))]} />}</Field>
      <div className="flex max-w-full flex-col gap-1.5">
        <span className="text-sm font-medium">{t('range')}</span>
        <Segmented
          label={t('range')} value={String(range)}
          onValueChange={(value) => {
            if (value === 'custom') onChange({ last: null, from: wave?.startedAt ?? wave?.createdAt ?? null, to: new Date() })
            else onChange({ from: null, to: null, last: value === 'whole' ? null : Number(value) })
          }}
          options={[{ value: 'whole', label: t('ranges.whole') }, ...LAST_SECONDS.map((seconds) => ({ value: String(seconds), label: t(`ranges.${seconds}`) })), { value: 'custom', label: t('ranges.custom') }]}
        />
      </div>
      {range === 'custom' && (['from', 'to'] as const).map((key) => (
        <Field key={key} label={t(key)} className="w-full sm:w-52">
          {(control) => <Input {...control} type="datetime-local" value={asLocal(asked[key])} onChange={(event) => onChange({ [key]: event.target.value === '' ? null : new Date(event.target.value) })} />}
        </Field>
      ))}
      {live && <Pill tone="success" pulse className="mb-1.5">{t('live')}</Pill>}
    </Card>
  )
}

/** As `datetime-local` wants it, in the browser's own time zone. */
function asLocal(at: Date | null): string {
  if (at === null) return ''
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
