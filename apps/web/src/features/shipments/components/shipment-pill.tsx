'use client'
import type { ShipmentStatus } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'

const TONES: Readonly<Record<ShipmentStatus, Tone>> = { PREPARING: 'accent', PREPARED: 'warning', HANDED_OVER: 'info', RECEIVED: 'warning', IMPORTING: 'accent', IMPORTED: 'accent', CAUGHT_UP: 'success', CANCELLED: 'neutral' }
const BUSY: readonly ShipmentStatus[] = ['PREPARING', 'IMPORTING', 'IMPORTED']

/** Where a shipment is; late ones say so. */
export function ShipmentPill({ status, late }: { status: ShipmentStatus; late: boolean }) {
  const t = useTranslations('shipments')
  return late ? <Pill tone="danger">{t('late')}</Pill> : <Pill tone={TONES[status]} pulse={BUSY.includes(status)}>{t(`status.${status}`)}</Pill>
}
