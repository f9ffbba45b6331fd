'use client'
import { travelFits } from '@driftless/domain'
import type { TravelEta } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { Notice } from '@/ui/notice.tsx'
import { useInStepText } from './use-travel.ts'

/** Whether VMs that travel by device are in step in time for a window. */
export function TravelAtWindow({ travel, lockoutAt }: { travel: Pick<TravelEta, 'identicalAtMs' | 'readAtMs'>; lockoutAt: Date }) {
  const t = useTranslations('shipments.travel.window')
  const inStepText = useInStepText()
  const fits = travelFits(travel, lockoutAt.getTime())
  return <Notice tone={fits === 'FITS' ? 'info' : 'warning'}>{t(fits, { inStep: inStepText(travel) })}</Notice>
}
