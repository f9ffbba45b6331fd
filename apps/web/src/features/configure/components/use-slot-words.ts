'use client'
import type { SlotTerms } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'
import { useBitRate } from './use-bit-rate.ts'

/** What a slot holds in all, in words. */
export function useSlotWords(): (terms: Pick<SlotTerms, 'cutovers' | 'bandwidthBytesPerSecond' | 'staff'>) => string {
  const t = useTranslations('configure.calendars')
  const { list } = useFormats()
  const rate = useBitRate()
  return ({ cutovers, bandwidthBytesPerSecond, staff }) => list([
    t('holds.vms', { count: cutovers }),
    ...(bandwidthBytesPerSecond === null ? [] : [rate(bandwidthBytesPerSecond)]),
    ...(staff === null ? [] : [t('holds.staff', { count: staff })]),
  ])
}
