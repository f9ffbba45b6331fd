'use client'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'

type Placement = NonNullable<Outputs['migrate']['placement']>

/** Where a VM runs, as its hypervisor says. */
export function PlacementList({ placement }: { placement: Placement }) {
  const t = useTranslations('hypervisor.placement')
  const { list } = useFormats()
  const named = (values: readonly string[]) => (values.length === 0 ? t('unknown') : list(values))
  return (
    <KeyValueList items={[
      { label: t('host'), value: placement.host ?? t('unknown') },
      { label: t('cluster'), value: placement.cluster ?? t('noCluster') },
      { label: t('datastores'), value: named(placement.datastores) },
      { label: t('networks'), value: named(placement.networks) },
      { label: t('highAvailability'), value: t(`ha.${placement.highAvailability}`) },
      { label: t('guestTools'), value: t(`tools.${placement.guestTools}`) },
    ]} />
  )
}
