'use client'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Site } from './configure-page.tsx'
import { useBitRate } from './use-bit-rate.ts'

/** A site's limit in words; where it has a timetable, what holds now and until when. */
export function useSiteRate(): (site: Site, none: string) => string {
  const t = useTranslations('configure.sites')
  const { dateTime } = useFormats()
  const bits = useBitRate()
  return ({ schedule, rate }, none) => {
    const now = rate.bytesPerSecond === null ? none : bits(rate.bytesPerSecond)
    if (schedule === null) return now
    return rate.changesAtMs === null ? t('timesNow', { rate: now }) : t('timesUntil', { rate: now, at: dateTime(rate.changesAtMs) })
  }
}
