'use client'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { BookingStatusPill } from '@/features/windows/components/booking-status-pill.tsx'
import { ZonedTimes } from '@/features/windows/components/zoned-times.tsx'
import type { Overview } from './overview-page.tsx'

/** The windows that are open or come next, at any target site. */
export function NextWindows({ windows, requests }: { windows: Overview['windows']; requests: number }) {
  const t = useTranslations('overview.windows')
  return (
    <Card>
      <CardHeader title={t('title')} actions={<Button asChild size="sm" variant={requests > 0 ? 'primary' : 'secondary'}><Link href="/windows">{requests > 0 ? t('decide', { count: requests }) : t('all')}</Link></Button>} />
      <CardBody>
        {windows.length === 0 ? <p className="text-sm text-muted">{t('none')}</p> : (
          <ul className="divide-y text-sm">
            {windows.map((one) => (
              <li key={one.id} className="flex items-start justify-between gap-3 py-2 first:pt-0 last:pb-0">
                <div className="min-w-0"><Link href={`/waves/${one.waveId}`} className="font-medium hover:underline">{one.waveName}</Link><p className="text-xs text-muted">{one.tenantName} · {one.targetSiteName}</p><ZonedTimes startsAt={one.startsAt} endsAt={one.endsAt} siteZone={one.siteZone} /></div>
                <BookingStatusPill status={one.status} />
              </li>
            ))}
          </ul>
        )}
      </CardBody>
    </Card>
  )
}
