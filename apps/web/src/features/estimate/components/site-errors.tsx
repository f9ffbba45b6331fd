'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'

type Site = Outputs['estimate']['errors'][number]

/** The published error of every source site that the person sees: a customer's own, or all customers' of a provider. */
export function SiteErrors({ staff }: { staff: boolean }) {
  const t = useTranslations('estimate.error')
  const { percent, number } = useFormats()
  const query = useQuery(useTRPC().estimate.errors.queryOptions())
  const copy = (site: Site) => site.errors.TIME_TO_IDENTICAL
  const share = (value: number | null | undefined, digits = 0) => (value == null ? '–' : percent(value, digits))
  const columns: DataColumn<Site>[] = [
    { id: 'site', header: t('site'), value: (site) => site.siteName, cell: (site) => <span className="font-medium">{site.siteName}</span> },
    ...(staff ? [{ id: 'customer', header: t('customer'), value: (site: Site) => site.tenantName, hideBelow: 'sm' as const }] : []),
    { id: 'moves', header: t('moves'), value: (site) => copy(site)?.n ?? 0, cell: (site) => number(copy(site)?.n ?? 0), align: 'end', searchable: false },
    { id: 'median', header: t('median'), value: (site) => copy(site)?.medianError ?? null, cell: (site) => share(copy(site)?.medianError, 1), align: 'end', searchable: false },
    { id: 'p90', header: t('p90'), value: (site) => copy(site)?.p90Error ?? null, cell: (site) => share(copy(site)?.p90Error, 1), align: 'end', searchable: false, hideBelow: 'md' },
    { id: 'held', header: t('held'), value: (site) => copy(site)?.p90Held ?? null, cell: (site) => share(copy(site)?.p90Held), align: 'end', searchable: false },
    { id: 'cutover', header: t('cutoverMedian'), value: (site) => site.errors.CUTOVER?.medianError ?? null, cell: (site) => share(site.errors.CUTOVER?.medianError, 1), align: 'end', searchable: false, hideBelow: 'lg' },
  ]
  return (
    <Card>
      <CardHeader title={t('all')} description={t('allDescription')} className="pb-3" />
      <Loaded query={query}>{(sites) => <DataTable label={t('all')} rows={sites} columns={columns} rowId={(site) => site.siteId} search={sites.length > 8} />}</Loaded>
    </Card>
  )
}
