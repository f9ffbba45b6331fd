'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { PolicyDialog } from './policy-dialog.tsx'
import { PolicyWords } from './policy-words.tsx'

export type CustomersPolicy = Outputs['approvals']['policies'][number]

/** Who must say go before a source is stopped: a customer reads its rule, the provider's administrators set it. */
export function ApprovalsTab({ staff }: { staff: boolean }) {
  const t = useTranslations('approvals')
  const mayChange = useMay('manage-provider')
  const query = useQuery(useTRPC().approvals.policies.queryOptions())
  return (
    <Card className="max-w-3xl">
      <CardHeader title={t('tab.title')} description={t(staff ? 'tab.staffDescription' : 'tab.description')} />
      <CardBody>
        <Loaded query={query}>
          {(rows) => (
            <ul className="divide-y">
              {rows.map((row) => (
                <li key={row.tenantId} className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 py-4 first:pt-0 last:pb-0">
                  <div className="min-w-0 flex-1 basis-72 text-sm">
                    {staff && <h3 className="font-medium">{row.tenantName}</h3>}
                    <div className="text-muted"><PolicyWords policy={row.policy} named={row.people.filter(({ id }) => row.policy.personIds.includes(id)).map(({ name }) => name)} /></div>
                  </div>
                  {mayChange && <PolicyDialog row={row} />}
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </CardBody>
    </Card>
  )
}
