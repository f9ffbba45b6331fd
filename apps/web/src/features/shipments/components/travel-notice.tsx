'use client'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import type { Travel } from '../shipment-types.ts'
import { useInStepText } from './use-travel.ts'

/** Of which a wave waits while its VMs travel: where the devices are, when it is in step, and what that rests on. */
export function TravelNotice({ travel, open = true }: { travel: Travel; /** With the way to the shipment. */ open?: boolean }) {
  const t = useTranslations('shipments.travel')
  const { bytes, dateTime } = useFormats()
  const inStepText = useInStepText()
  const { reason, arrivesAtMs, readAtMs, identicalAtMs, catchUpBytes, vmNames, observed, lineAssumed, shipmentId } = travel
  const at = (ms: number | null) => (ms === null ? '' : dateTime(new Date(ms)))
  const stuck = readAtMs === null
  const values = { read: at(readAtMs), catchUp: bytes(catchUpBytes), inStep: inStepText(travel) }
  return (
    <Notice tone={stuck || identicalAtMs.p90 === null ? 'warning' : 'info'} title={t('title', { count: vmNames.length })}>
      <p>{t(`reasons.${reason}`, { arrives: at(arrivesAtMs) })} {stuck ? t('unknown', values) : t(identicalAtMs.p90 === null ? 'never' : 'then', values)}</p>
      {!stuck && <p className="mt-1 text-xs text-muted">{t('rests', { observed, all: vmNames.length })}{lineAssumed && ` ${t('lineAssumed')}`}</p>}
      {open && <Link href={`/shipments/${shipmentId}`} className="mt-1 inline-block text-accent underline-offset-4 hover:underline">{t('open')}</Link>}
    </Notice>
  )
}
