'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { WireOrDisk } from '@/features/shipments/components/wire-or-disk.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import type { Reading } from './estimate-detail-page.tsx'

/** The two ways of a first copy, for the VMs that were observed: over the line, or on devices that travel as many days as was said. */
export function WaysCard({ reading }: { reading: Reading }) {
  const t = useTranslations('estimate.ways')
  const vmIds = reading.vms.map(({ id }) => id)
  const query = useQuery(useTRPC().shipments.plan.queryOptions({ siteId: reading.siteId, vmIds, rateBytesPerSecond: null, shippingDays: Math.max(1, Math.ceil(reading.shippingDays)), deviceBytes: null }))
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} />
      <CardBody><Loaded query={query}>{(ways) => <WireOrDisk ways={ways} />}</Loaded></CardBody>
    </Card>
  )
}
