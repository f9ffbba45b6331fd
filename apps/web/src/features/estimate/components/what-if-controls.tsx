'use client'
import { useTranslations } from 'next-intl'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { NativeSelect } from '@/ui/native-select.tsx'
import { Slider } from '@/ui/slider.tsx'
import { rateSteps } from '../view/rate-steps.ts'
import type { WhatIf as Trial } from '../view/what-if.ts'
import type { Reading } from './estimate-detail-page.tsx'

type Props = { reading: Reading; trial: Trial; onChange: (part: Partial<Trial>) => void }
const HOUR_MS = 3_600_000
/** Two days ahead show every hour with what lies around it. */
const MOST_HOURS = 48
/** From a sixteenth of the line to sixteen times of it, four steps for each doubling. */
const LINK_STEPS = 16
const STEPS_A_DOUBLING = 4

/** The line, its cap, the guests' throttle, the start, and the window. */
export function WhatIfControls({ reading, trial, onChange }: Props) {
  const t = useTranslations('estimate.whatIf')
  const formats = useFormats()
  const bits = useBitRate()
  const { input, windows } = reading
  const line = input.link.p50BytesPerSecond
  const tried = line * trial.linkFactor
  const target = input.targetBytesPerSecond ?? Number.POSITIVE_INFINITY
  const triedText = trial.linkFactor === 1 ? t('asIs', { value: bits(line) }) : bits(tried)
  const startMs = input.startAtMs + trial.startHours * HOUR_MS
  const chosen = windows.findIndex(({ fromMs, toMs }) => fromMs === trial.window?.fromMs && toMs === trial.window.toMs)
  return (
    <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
      <Slide label={t('link')} value={Math.round(Math.log2(trial.linkFactor) * STEPS_A_DOUBLING)} min={-LINK_STEPS} max={LINK_STEPS} text={tried > target ? t('targetBinds', { value: triedText, target: bits(target) }) : triedText} onChange={(step) => onChange({ linkFactor: 2 ** (step / STEPS_A_DOUBLING) })} />
      <RateSlide label={t('cap')} from={line} value={trial.capBytesPerSecond} none={input.capBytesPerSecond === null ? t('noCap') : t('asIs', { value: bits(input.capBytesPerSecond) })} format={bits} onChange={(capBytesPerSecond) => onChange({ capBytesPerSecond })} />
      <RateSlide label={t('throttle')} from={line} value={trial.throttleBytesPerSecond} none={input.throttleBytesPerSecond === null ? t('noThrottle') : t('asIs', { value: formats.rate(input.throttleBytesPerSecond) })} format={formats.rate} onChange={(throttleBytesPerSecond) => onChange({ throttleBytesPerSecond })} />
      <Slide label={t('start')} value={trial.startHours} min={0} max={MOST_HOURS} text={trial.startHours === 0 ? t('startNow') : formats.dateTime(startMs)} onChange={(startHours) => onChange({ startHours })} />
      {windows.length > 0 && (
        <Field label={t('window')} className="sm:col-span-2">
          {(control) => (
            <NativeSelect {...control} value={String(chosen)} onChange={(event) => { const window = windows[Number(event.target.value)]; onChange({ window: window ? { fromMs: window.fromMs, toMs: window.toMs, ...(window.lockoutMs === undefined ? {} : { lockoutMs: window.lockoutMs }) } : null }) }}>
              <option value="-1">{t('noWindow')}</option>
              {windows.map((window, index) => <option key={`${window.targetSiteName} ${window.fromMs} ${window.toMs}`} value={String(index)}>{t(window.booked ? 'bookedWindow' : 'freeWindow', { time: formats.dateTimeRange(window.fromMs, window.toMs), site: window.targetSiteName })}</option>)}
            </NativeSelect>
          )}
        </Field>
      )}
    </div>
  )
}

/** A rate in steps below `from`; the right end is none. */
function RateSlide({ label, from, value, none, format, onChange }: { label: string; from: number; value: number | null; none: string; format: (rate: number) => string; onChange: (rate: number | null) => void }) {
  const steps = rateSteps(from)
  const index = value === null ? steps.length : steps.findIndex((step) => step >= value)
  return <Slide label={label} value={index === -1 ? steps.length : index} min={0} max={steps.length} text={value === null ? none : format(value)} onChange={(next) => onChange(steps[next] ?? null)} />
}

function Slide({ label, value, min, max, text, onChange }: { label: string; value: number; min: number; max: number; text: string; onChange: (value: number) => void }) {
  return (
    <Field label={label} hint={<span className="tabular-nums text-foreground">{text}</span>}>
      {({ 'aria-invalid': _invalid, ...control }) => <Slider {...control} value={value} valueText={text} min={min} max={max} step={1} onValueChange={onChange} />}
    </Field>
  )
}
