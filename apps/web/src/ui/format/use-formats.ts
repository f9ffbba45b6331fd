'use client'
import { useFormatter, useTranslations } from 'next-intl'
import { scaleBytes, splitDuration } from './scale.ts'

/** Numbers, amounts and times as the person's language writes them. */
export function useFormats() {
  const format = useFormatter()
  const t = useTranslations('units')
  const number = (value: number, digits = 0) => format.number(value, { minimumFractionDigits: 0, maximumFractionDigits: digits })
  const bytes = (value: number) => {
    const scaled = scaleBytes(value)
    return t(scaled.unit, { value: number(scaled.value, scaled.digits) })
  }
  const duration = (seconds: number) => splitDuration(seconds).map((part) => t(part.unit, { value: number(part.value, part.digits) })).join(' ')
  /** Two values that are written out as a range; one where both read the same. */
  const between = (low: string, high: string) => (low === high ? low : t('range', { from: low, to: high }))
  return {
    number, between,
    bytes,
    rate: (bytesPerSecond: number) => t('perSecond', { value: bytes(bytesPerSecond) }),
    duration,
    /** Two durations as a range; one where both read the same; `never` where a bound is null. */
    durationRange: (from: number | null, to: number | null) => between(from === null ? t('never') : duration(from), to === null ? t('never') : duration(to)),
    milliseconds: (value: number) => t('ms', { value: number(value, value < 10 ? 1 : 0) }),
    percent: (share: number, digits = 0) => format.number(share, { style: 'percent', maximumFractionDigits: digits }),
    dateTime: (at: Date | number) => format.dateTime(at, { dateStyle: 'medium', timeStyle: 'short' }),
    dateTimeSeconds: (at: Date | number) => format.dateTime(at, { dateStyle: 'medium', timeStyle: 'medium' }),
    date: (at: Date | number) => format.dateTime(at, { dateStyle: 'medium' }),
    time: (at: Date | number) => format.dateTime(at, { timeStyle: 'short' }),
    timeSeconds: (at: Date | number) => format.dateTime(at, { timeStyle: 'medium' }),
    dateTimeRange: (from: Date | number, to: Date | number) => format.dateTimeRange(from, to, { dateStyle: 'medium', timeStyle: 'short' }),
    list: (values: readonly string[]) => format.list(values),
    /** Any one of them. */
    listOr: (values: readonly string[]) => format.list(values, { type: 'disjunction' }),
    relative: (at: Date | number, now: Date | number) => format.relativeTime(at, now),
  }
}
export type Formats = ReturnType<typeof useFormats>
