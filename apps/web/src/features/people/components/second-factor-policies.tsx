'use client'
import { SECOND_FACTOR_POLICIES } from '@driftless/domain'
import type { SecondFactorPolicy } from '@driftless/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Inputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Field } from '@/ui/field.tsx'
import { Select } from '@/ui/select.tsx'
import { toast } from '@/ui/toaster.tsx'

type Target = Inputs['people']['setPolicy']['target']

/** What staff, all customers and each customer's people show besides the password. */
export function SecondFactorPolicies() {
  const t = useTranslations('people.policy')
  const trpc = useTRPC()
  const query = useQuery(trpc.people.policies.queryOptions())
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} />
      <CardBody>
        <Loaded query={query}>
          {({ providerName, staff, allCustomers, customers }) => (
            <div className="grid gap-4 sm:grid-cols-2">
              <Level label={t('staff', { provider: providerName })} level={staff} target={{ kind: 'STAFF' }} />
              <Level label={t('customers')} level={allCustomers} target={{ kind: 'CUSTOMERS' }} />
              {customers.map(({ id, name, secondFactor }) => <Level key={id} label={t('customer', { name })} level={secondFactor} target={{ kind: 'CUSTOMER', tenantId: id }} />)}
            </div>
          )}
        </Loaded>
        <p className="mt-4 text-xs text-muted">{t('signOn')}</p>
      </CardBody>
    </Card>
  )
}

function Level({ label, level, target }: { label: string; level: SecondFactorPolicy; target: Target }) {
  const t = useTranslations('people.policy')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const set = useMutation(trpc.people.setPolicy.mutationOptions({
    onSuccess: () => void toast.success(t('saved')),
    onError: (error) => void toast.error(errorText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.people.policies.queryKey() }),
  }))
  const choose = (value: string) => {
    const policy = SECOND_FACTOR_POLICIES.find((one) => one === value)
    if (policy !== undefined) set.mutate({ target, policy })
  }
  return <Field label={label}>{(control) => <Select {...control} disabled={set.isPending} value={level} onValueChange={choose} options={SECOND_FACTOR_POLICIES.map((value) => ({ value, label: t(`levels.${value}`) }))} />}</Field>
}
