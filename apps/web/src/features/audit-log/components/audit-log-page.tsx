'use client'
import { isProviderRole } from '@driftless/domain'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Download, ScrollText } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useQueryStates } from 'nuqs'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { PageHeader } from '@/ui/page-header.tsx'
import { auditParsers, toFilter } from '../filters.ts'
import { AuditEntry } from './audit-entry.tsx'
import type { Entry } from './audit-entry.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { ChainState } from './chain-state.tsx'

/** Old entries never change; new ones are looked for this often. */
const REFRESH_MS = 10_000

/** Who did what, when, on what: newest first, narrowed by what stands in the address. */
export function AuditLogPage() {
  const t = useTranslations('auditLog')
  const trpc = useTRPC()
  const staff = isProviderRole(usePerson().role)
  const [search, setSearch] = useQueryStates(auditParsers, { throttleMs: 300 })
  const filter = toFilter(search)
  const log = useInfiniteQuery(trpc.auditLog.page.infiniteQueryOptions({ filter }, { getNextPageParam: (page) => page.olderThan ?? undefined, refetchInterval: (query) => ((query.state.data?.pages.length ?? 1) > 1 ? false : REFRESH_MS) }))
  const filtered = Object.values(filter).some((value) => value !== undefined)
  return (
    <>
      <PageHeader title={t('title')} description={t(staff ? 'leadStaff' : 'lead')} actions={<Button asChild><a href={csvAddress(filter)} download><Download aria-hidden />{t('csv')}</a></Button>} />
      <ChainState chosen={search.log} staff={staff} />
      <Card>
        <AuditFilters search={search} staff={staff} filtered={filtered} onChange={(change) => void setSearch(change)} onClear={() => void setSearch(null)} />
        <Loaded query={log}>
          {({ pages }) => {
            const entries = pages.flatMap((page) => page.entries)
            if (entries.length === 0) return <EmptyState icon={ScrollText} title={t(filtered ? 'nothing.title' : 'empty.title')} description={t(filtered ? 'nothing.description' : 'empty.description')} action={filtered && <Button onClick={() => void setSearch(null)}>{t('filters.clear')}</Button>} />
            return (
              <>
                <Days entries={entries} staff={staff} />
                {log.hasNextPage && <div className="flex justify-center border-t p-4"><Button busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>{t('older')}</Button></div>}
              </>
            )
          }}
        </Loaded>
      </Card>
    </>
  )
}

function Days({ entries, staff }: { entries: readonly Entry[]; staff: boolean }) {
  const t = useTranslations('auditLog')
  const formats = useFormats()
  const days = [...Map.groupBy(entries, (entry) => formats.date(entry.at))]
  return (
    <div>
      {days.map(([day, rows]) => (
        <section key={day} aria-label={day}>
          <h2 className="sticky top-13 z-10 border-y bg-sunken px-5 py-1.5 text-xs font-medium text-muted">{day}</h2>
          <ul className="divide-y" aria-label={t('entriesOf', { day })}>{rows.map((entry) => <AuditEntry key={entry.id} entry={entry} staff={staff} />)}</ul>
        </section>
      ))}
    </div>
  )
}

function csvAddress(filter: ReturnType<typeof toFilter>): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(filter)) if (value !== undefined) parameters.set(key, value instanceof Date ? value.toISOString() : String(value))
  const text = parameters.toString()
  return `/api/audit-log${text === '' ? '' : `?${text}`}`
}
