'use client'
import { isSeedProblem } from '@driftless/domain'
import { useMessages, useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Shipment } from '../shipment-types.ts'

/** Whose hands the devices went through, oldest first; the evidence has the same lines. */
export function CustodyRecord({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.custody')
  const problems = useTranslations('shipments.problems')
  const { shipments } = useMessages()
  const { dateTime, list } = useFormats()
  const isKnown = (what: string): what is keyof typeof shipments.custody.what => Object.hasOwn(shipments.custody.what, what)
  const details = ({ carrier, trackingNumber, seals, sealsIntact, places, transitDays, vms, vm, code }: Shipment['events'][number]['detail']) => [
    ...(carrier ? [trackingNumber ? t('carrierNumber', { carrier, number: trackingNumber }) : carrier] : []),
    ...(seals ? Object.entries(seals).map(([device, seal]) => t('seal', { device, seal })) : []),
    ...(sealsIntact === undefined ? [] : [t(sealsIntact ? 'intact' : 'notIntact')]),
    ...(vm !== undefined ? [vm] : []),
    ...(code !== undefined && isSeedProblem(code) ? [problems(`${code}.title`)] : []),
    ...(places ? [t('places', { places: list(places), count: places.length })] : []),
    ...(transitDays === undefined ? [] : [t('days', { days: transitDays })]),
    ...(vms ? [t('vms', { vms: list(vms) })] : []),
  ]
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} />
      <CardBody>
        <ol className="flex flex-col gap-4">
          {shipment.events.map((event) => (
            <li key={event.id} className="flex flex-col gap-0.5 border-l-2 border-border pl-3 text-sm">
              <span className="font-medium">{isKnown(event.what) ? t(`what.${event.what}`) : event.what}</span>
              <span className="text-xs text-muted">{t('by', { name: event.actorName, at: dateTime(event.at) })}</span>
              {details(event.detail).map((line) => <span key={line} className="break-words text-muted">{line}</span>)}
              {event.note !== null && <span className="break-words">{t('note', { note: event.note })}</span>}
            </li>
          ))}
        </ol>
      </CardBody>
    </Card>
  )
}
