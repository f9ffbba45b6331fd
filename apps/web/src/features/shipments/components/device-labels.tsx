'use client'
import { Printer } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Shipment } from '../shipment-types.ts'

/** A label for each device, to be printed and stuck on: nothing else of the page is printed. Nothing on it opens what is on the device. */
export function DeviceLabels({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.labels')
  const { bytes, number, date } = useFormats()
  const { devices } = shipment
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} actions={devices.length > 0 && <Button size="sm" onClick={() => window.print()}><Printer aria-hidden />{t('print')}</Button>} />
      <CardBody>
        {devices.length === 0 ? <p className="text-sm text-muted">{t('none')}</p> : (
          <ol className="printed grid gap-4 grid-cols-[repeat(auto-fill,minmax(min(100%,19rem),1fr))]">
            {devices.map(({ deviceIds, place, storedBytes, seal }, index) => (
              <li key={place} className="flex break-inside-avoid flex-col gap-1 rounded-lg border-2 border-dashed p-4 text-sm">
                <span className="flex flex-wrap justify-between gap-2 text-xs text-muted"><span>{t('of', { place: number(index + 1), all: number(devices.length) })}</span><span>{date(shipment.begunAt)}</span></span>
                <span className="text-base font-semibold break-all">{place}</span>
                <span className="text-xs text-muted">{t('shipment')} <span className="font-mono break-all text-foreground">{shipment.id}</span></span>
                <span>{t('way', { from: shipment.siteName, to: shipment.targetSiteName })}</span>
                <span className="text-muted">{t('content', { count: deviceIds.length, bytes: bytes(storedBytes) })}</span>
                {deviceIds.map((deviceId) => <span key={deviceId} className="font-mono text-xs break-all">{deviceId}</span>)}
                <span>{t('seal')} <span className="font-medium">{seal ?? '______________'}</span></span>
              </li>
            ))}
          </ol>
        )}
      </CardBody>
    </Card>
  )
}
