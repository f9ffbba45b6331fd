'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Download, Receipt } from 'lucide-react'
import { useFormatter, useTranslations } from 'next-intl'
import { parseAsString, useQueryState } from 'nuqs'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Select } from '@/ui/select.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'

type Billing = Outputs['billing']['read']
type Row = Billing['rows'][number]

/** What each customer's VMs at the target come to in a month, and those whose billing started in it; a customer sees their own. */
export function BillingPage() {
  const t = useTranslations('billing')
  const own = useIsOwn()
  const trpc = useTRPC()
  const [month, setMonth] = useQueryState('month', parseAsString)
  const wanted = month !== null && /^20\d\d-(0[1-9]|1[0-2])$/.test(month) ? month : null
  const query = useQuery(trpc.billing.read.queryOptions({ month: wanted }, { placeholderData: keepPreviousData }))
  return (
    <>
      <PageHeader title={t(own ? 'own.title' : 'title')} description={t('lead')} actions={query.data && <Actions billing={query.data} onMonth={(next) => void setMonth(next)} />} />
      <Loaded query={query}>{(billing) => <Month billing={billing} />}</Loaded>
    </>
  )
}

const SECONDS_AN_HOUR = 3600
const MIB_A_GIB = 1024
/** For people, to two places; the CSV has the whole numbers. */
const hours = (seconds: bigint): number => Math.round((Number(seconds) / SECONDS_AN_HOUR) * 100) / 100
const gibHours = (mibSeconds: bigint): number => Math.round((Number(mibSeconds) / MIB_A_GIB / SECONDS_AN_HOUR) * 100) / 100

function useMonthName(): (month: string) => string {
  const format = useFormatter()
  return (month) => format.dateTime(new Date(`${month}-01T00:00:00Z`), { month: 'long', year: 'numeric', timeZone: 'UTC' })
}

/** A customer's people look at their own usage, the provider's staff at everybody's. */
function useIsOwn(): boolean {
  return usePerson().role.startsWith('CUSTOMER_')
}

function Actions({ billing, onMonth }: { billing: Billing; onMonth: (month: string) => void }) {
  const t = useTranslations('billing')
  const monthName = useMonthName()
  const months = billing.months.includes(billing.month) ? billing.months : [billing.month, ...billing.months]
  return (
    <>
      <Select aria-label={t('month')} value={billing.month} onValueChange={onMonth} options={months.map((value) => ({ value, label: monthName(value) }))} className="w-44" />
      <Button asChild><a href={`/api/billing?month=${billing.month}&of=statement`} download><Download aria-hidden />{t('statementCsv')}</a></Button>
      <Button asChild><a href={`/api/billing?month=${billing.month}`} download><Download aria-hidden />{t('csv')}</a></Button>
    </>
  )
}

function Month({ billing }: { billing: Billing }) {
  const t = useTranslations('billing')
  const own = useIsOwn()
  const monthName = useMonthName()
  const formats = useFormats()
  if (billing.rows.length === 0 && billing.statements.length === 0) return <Card><EmptyState icon={Receipt} title={t('empty.title', { month: monthName(billing.month) })} description={t('empty.description')} /></Card>
  const columns: DataColumn<Row>[] = [
    { id: 'vm', header: t('columns.vm'), value: (row) => row.vmName, cell: (row) => <div><span className="font-medium">{row.vmName}</span>{!own && <p className="text-xs text-muted sm:hidden">{row.tenantName}</p>}</div> },
    ...(own ? [] : [{ id: 'customer', header: t('columns.customer'), value: (row: Row) => row.tenantName, hideBelow: 'sm' as const }]),
    { id: 'wave', header: t('columns.wave'), value: (row) => row.waveName, hideBelow: 'lg' },
    { id: 'cpus', header: t('columns.cpus'), value: (row) => row.cpus, cell: (row) => formats.number(row.cpus), align: 'end', searchable: false, hideBelow: 'md' },
    { id: 'memory', header: t('columns.memory'), value: (row) => row.memoryBytes, cell: (row) => formats.bytes(row.memoryBytes), align: 'end', searchable: false, hideBelow: 'md' },
    { id: 'disks', header: t('columns.disks'), value: (row) => row.diskBytes, cell: (row) => formats.bytes(row.diskBytes), align: 'end', searchable: false },
    { id: 'since', header: t('columns.since'), value: (row) => row.acceptedAt.getTime(), cell: (row) => formats.dateTime(row.acceptedAt), align: 'end', searchable: false },
  ]
  return (
    <>
      {billing.truncated && <Notice tone="warning">{t('truncated', { count: billing.rows.length })}</Notice>}
      <Card>
        <CardHeader title={t('totals.title', { month: monthName(billing.month) })} description={t(own ? 'own.totals' : 'totals.description')} className="pb-3" />
        <DataTable
          label={t('totals.title', { month: monthName(billing.month) })} rows={billing.statements} rowId={(row) => row.tenantId}
          columns={[
            { id: 'customer', header: t('columns.customer'), value: (row) => row.tenantName, cell: (row) => <span className="font-medium">{row.tenantName}</span> },
            { id: 'vms', header: t('columns.vms'), value: (row) => row.vms, cell: (row) => formats.number(row.vms), align: 'end', hideBelow: 'sm' },
            { id: 'vmHours', header: t('columns.vmHours'), value: (row) => hours(row.usage.vmSeconds), cell: (row) => formats.number(hours(row.usage.vmSeconds), 2), align: 'end' },
            { id: 'vcpuHours', header: t('columns.vcpuHours'), value: (row) => hours(row.usage.vcpuSeconds), cell: (row) => formats.number(hours(row.usage.vcpuSeconds), 2), align: 'end', hideBelow: 'sm' },
            { id: 'memoryHours', header: t('columns.memoryHours'), value: (row) => gibHours(row.usage.memoryMibSeconds), cell: (row) => formats.number(gibHours(row.usage.memoryMibSeconds), 2), align: 'end', hideBelow: 'md' },
            { id: 'diskHours', header: t('columns.diskHours'), value: (row) => gibHours(row.usage.diskMibSeconds), cell: (row) => formats.number(gibHours(row.usage.diskMibSeconds), 2), align: 'end', hideBelow: 'md' },
            { id: 'correction', header: t('columns.correction'), value: (row) => hours(row.correction.vmSeconds), cell: (row) => (row.correction.vmSeconds === 0n ? '–' : t('correctionHours', { hours: formats.number(hours(row.correction.vmSeconds), 2) })), align: 'end' },
          ]}
        />
      </Card>
      <Card>
        <CardHeader title={t('starts.title')} description={t('starts.description')} className="pb-3" />
        <DataTable label={t('starts.title')} rows={billing.rows} columns={columns} rowId={(row) => `${row.migrationId} ${row.stay}`} search={billing.rows.length > 8} initialSort={{ id: 'since', desc: true }} />
      </Card>
    </>
  )
}
