'use client'
import { isProviderRole } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { Users } from 'lucide-react'
import { useFormatter, useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useMay, usePerson } from '@/features/session/components/person-context.tsx'
import { Card, CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { Pill } from '@/ui/pill.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { ChangePerson } from './change-person.tsx'
import { InvitePerson } from './invite-person.tsx'
import { OpenInvitations } from './open-invitations.tsx'
import { SecondFactorPolicies } from './second-factor-policies.tsx'

export type People = Outputs['people']['list']
export type Person = People['people'][number]

/** Who gets in: for administrators to change, for everybody else to read. */
export function PeopleTab() {
  const t = useTranslations('people')
  const trpc = useTRPC()
  const staff = isProviderRole(usePerson().role)
  const mayManage = useMay('manage-people')
  const query = useQuery(trpc.people.list.queryOptions())
  return (
    <Loaded query={query}>
      {(people) => (
        <div className="flex flex-col gap-4">
          <Card>
            <CardHeader title={t('title')} description={t(staff ? 'description' : 'descriptionOwn')} actions={mayManage && <InvitePerson people={people} />} className="pb-3" />
            <PeopleTable people={people.people} staff={staff} mayManage={mayManage} />
          </Card>
          {people.invitations.length > 0 && <OpenInvitations people={people} />}
          {mayManage && <SecondFactorPolicies />}
        </div>
      )}
    </Loaded>
  )
}

function PeopleTable({ people, staff, mayManage }: { people: readonly Person[]; staff: boolean; mayManage: boolean }) {
  const t = useTranslations('people')
  const waysOf = useWays()
  const columns: DataColumn<Person>[] = [
    { id: 'name', header: t('columns.name'), value: (row) => `${row.name} ${row.email}`, cell: (row) => <div className="min-w-0"><span className="font-medium">{row.name}</span>{row.me && <Pill tone="accent" className="ml-2">{t('me')}</Pill>}<p className="text-xs break-all text-muted">{row.email}</p></div> },
    ...(staff ? [{ id: 'organisation', header: t('columns.organisation'), value: (row: Person) => row.organisation }] : []),
    { id: 'role', header: t('columns.role'), value: (row) => t(`roles.${row.role}`) },
    { id: 'ways', header: t('columns.ways'), value: (row) => waysOf(row), hideBelow: 'lg' },
    { id: 'last', header: t('columns.last'), value: (row) => row.lastSignInAt?.getTime() ?? 0, cell: (row) => <LastSignIn person={row} />, hideBelow: 'md', searchable: false },
    { id: 'state', header: t('columns.state'), value: (row) => (row.deactivated ? 1 : 0), cell: (row) => <Pill tone={row.deactivated ? 'neutral' : 'success'}>{t(row.deactivated ? 'states.deactivated' : 'states.active')}</Pill>, searchable: false },
    ...(mayManage ? [{ id: 'actions', header: t('columns.actions'), cell: (row: Person) => row.mine && <ChangePerson person={row} />, align: 'end' as const, searchable: false }] : []),
  ]
  return <DataTable label={t('title')} rows={people} columns={columns} rowId={(row) => row.id} search={people.length > 8} muted={(row) => row.deactivated} empty={<EmptyState icon={Users} title={t('empty.title')} description={t('empty.description')} />} />
}

/** How somebody can get in, in words. */
function useWays(): (person: Person) => string {
  const t = useTranslations('people.ways')
  const format = useFormatter()
  return ({ hasPassword, hasSignOn }) => (hasPassword || hasSignOn ? format.list([...(hasPassword ? [t('password')] : []), ...(hasSignOn ? [t('signOn')] : [])]) : t('none'))
}

function LastSignIn({ person }: { person: Person }) {
  const t = useTranslations('people')
  const format = useFormatter()
  if (person.lastSignInAt === null) return <span className="text-muted">{t('never')}</span>
  return <span><RelativeTime at={person.lastSignInAt} />{person.lastFactors.length > 0 && <span className="block text-xs text-muted">{t('lastBy', { factors: format.list(person.lastFactors.map((factor) => t(`factors.${factor}`))) })}</span>}</span>
}
