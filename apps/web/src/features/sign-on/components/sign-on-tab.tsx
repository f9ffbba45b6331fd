'use client'
import { useQuery } from '@tanstack/react-query'
import { useFormatter, useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Pill } from '@/ui/pill.tsx'
import { EditSignOn } from './edit-sign-on.tsx'

export type SignOn = Outputs['signOn']['list'][number]

/** Each organisation with its own sign-on, or without one. */
export function SignOnTab() {
  const t = useTranslations('signOn')
  const trpc = useTRPC()
  const query = useQuery(trpc.signOn.list.queryOptions())
  return (
    <>
      <p className="mb-4 max-w-3xl text-sm text-muted">{t('description')}</p>
      <Loaded query={query}>
        {(rows) => <ul className="grid gap-4 lg:grid-cols-2">{rows.map((row) => <li key={row.tenantId ?? ''} className="min-w-0"><SignOnCard signOn={row} /></li>)}</ul>}
      </Loaded>
    </>
  )
}

function SignOnCard({ signOn }: { signOn: SignOn }) {
  const t = useTranslations('signOn')
  const roles = useTranslations('people.roles')
  const format = useFormatter()
  const { connection, name, tenantId } = signOn
  return (
    <Card className="flex h-full flex-col">
      <CardHeader
        title={tenantId === null ? t('staff', { name }) : name}
        actions={<Pill tone={connection === null ? 'neutral' : connection.enforced ? 'accent' : 'success'}>{connection === null ? t('none') : t(connection.enforced ? 'enforced' : 'optional')}</Pill>}
      />
      <CardBody className="flex flex-1 flex-col gap-4">
        {connection !== null && (
          <KeyValueList items={[
            { label: t('issuer'), value: <span className="break-all">{connection.issuer}</span> },
            { label: t('domains'), value: format.list(connection.domains) },
            { label: t('newcomers'), value: connection.defaultRole === null ? t('newcomersNone') : roles(connection.defaultRole) },
          ]} />
        )}
        <div className="mt-auto"><EditSignOn signOn={signOn} /></div>
      </CardBody>
    </Card>
  )
}
