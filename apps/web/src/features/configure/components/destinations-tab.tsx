'use client'
import { useQuery } from '@tanstack/react-query'
import { ArrowRight, Cloud } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'

type Destination = Outputs['configure']['destinations'][number]

/** Where VMs may go, and what their networks become there. */
export function DestinationsTab({ staff }: { staff: boolean }) {
  const t = useTranslations('configure.destinations')
  const trpc = useTRPC()
  const query = useQuery(trpc.configure.destinations.queryOptions())
  return (
    <Loaded query={query}>
      {(rows) => rows.length === 0
        ? <Card><EmptyState icon={Cloud} title={t('empty.title')} description={t(staff ? 'empty.staff' : 'empty.description')} /></Card>
        : <ul className="grid gap-4 lg:grid-cols-2">{rows.map((row) => <li key={row.id} className="min-w-0"><DestinationCard destination={row} staff={staff} /></li>)}</ul>}
    </Loaded>
  )
}

function DestinationCard({ destination, staff }: { destination: Destination; staff: boolean }) {
  const t = useTranslations('configure.destinations')
  return (
    <Card className="h-full">
      <CardHeader title={destination.name} description={staff ? t('of', { customer: destination.tenantName, site: destination.targetSiteName }) : destination.targetSiteName} />
      <CardBody className="flex flex-col gap-4 text-sm">
        <div>
          <h3 className="mb-1.5 text-xs font-medium text-muted">{t('networks')}</h3>
          <ul className="flex flex-col divide-y rounded-md border">
            {destination.networkMap.map((pair) => (
              <li key={pair.source} className="flex items-center gap-2 px-3 py-1.5"><span className="min-w-0 flex-1 truncate">{pair.source}</span><ArrowRight role="img" className="size-3.5 shrink-0 text-muted" aria-label={t('becomes')} /><span className="min-w-0 flex-1 truncate font-medium">{pair.target}</span></li>
            ))}
            <li className="flex items-center gap-2 px-3 py-1.5"><span className="min-w-0 flex-1 text-muted">{t('others')}</span><ArrowRight role="img" className="size-3.5 shrink-0 text-muted" aria-label={t('becomes')} /><span className="min-w-0 flex-1 truncate font-medium">{destination.defaultNetwork}</span></li>
          </ul>
        </div>
        <div>
          <h3 className="mb-1.5 text-xs font-medium text-muted">{t('storages')}</h3>
          <ul className="flex flex-wrap gap-1.5">{destination.storages.map((storage) => <li key={storage} className="rounded-md border bg-sunken px-2 py-0.5 text-xs">{storage}</li>)}</ul>
        </div>
      </CardBody>
    </Card>
  )
}
