'use client'
import { TRANSIT_DAYS } from '@driftless/domain'
import type { Way } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { PlaceChoice } from '@/features/shipments/components/place-choice.tsx'
import { WireOrDisk } from '@/features/shipments/components/wire-or-disk.tsx'
import { transitDaysOf } from '@/features/shipments/transit-days.ts'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Skeleton } from '@/ui/skeleton.tsx'

/** How the first copies travel, as chosen so far: what differs from the recommendation, the source's places, and the carrier's days. */
export type Travel = { readonly ways: Readonly<Record<string, Way>>; readonly places: readonly string[]; readonly days: string }
export const NEW_TRAVEL: Travel = { ways: {}, places: [], days: String(TRANSIT_DAYS.usual) }

type Chosen = { readonly siteId: string; readonly destinationId: string; readonly vmIds: string[]; readonly rateBytesPerSecond: number | null }

/** What the server says of both ways, and what of it is chosen. `device` is null where nothing travels; `ready`: the wave may be planned. */
export function useTravel({ siteId, destinationId, vmIds, rateBytesPerSecond }: Chosen, travel: Travel) {
  const trpc = useTRPC()
  const { days, wrong } = transitDaysOf(travel.days)
  const offer = useQuery(trpc.shipments.offer.queryOptions({ siteId, destinationId }))
  const offered = offer.data !== undefined && offer.data.targetTakes && offer.data.places.length > 0
  const free = offered && travel.places.length > 0 ? offer.data.places.filter(({ name }) => travel.places.includes(name)).reduce((sum, { freeBytes }) => sum + freeBytes, 0) : null
  const plan = useQuery({ ...trpc.shipments.plan.queryOptions({ siteId, vmIds, rateBytesPerSecond, shippingDays: days, deviceBytes: free }), placeholderData: (before) => before })
  const byDevice = offered ? (plan.data?.vms ?? []).filter(({ id, way }) => (travel.ways[id] ?? way) === 'DISK').map(({ id }) => id) : []
  return {
    plan, offer: offered ? offer.data : null, days, wrong, byDevice,
    device: byDevice.length === 0 ? null : { vmIds: byDevice, places: [...travel.places], transitDays: days },
    ready: byDevice.length === 0 || (travel.places.length > 0 && !wrong),
  }
}

/** Wire or lorry for the chosen VMs; where devices can be written, with the choice. */
export function TravelChoice({ found, travel, onChange }: { found: ReturnType<typeof useTravel>; travel: Travel; onChange: (travel: Travel) => void }) {
  const t = useTranslations('shipments.ways')
  const errorText = useErrorText()
  const { plan, offer, wrong, byDevice } = found
  if (plan.isError) return <Notice tone="warning">{errorText(plan.error)}</Notice>
  if (!plan.data) return <Skeleton className="h-48" />
  return (
    <div className="flex flex-col gap-5">
      <WireOrDisk ways={plan.data} chosen={offer ? travel.ways : {}} {...(offer ? { onWayChange: (vmId: string, way: Way) => onChange({ ...travel, ways: { ...travel.ways, [vmId]: way } }) } : {})} />
      {!offer && <p className="text-sm text-muted">{t('notOffered')}</p>}
      {offer && byDevice.length > 0 && (
        <div className="grid items-start gap-5 rounded-lg border bg-sunken/40 p-4 lg:grid-cols-2">
          <PlaceChoice label={t('places')} places={offer.places} chosen={travel.places} onChange={(places) => onChange({ ...travel, places })} shipmentId={null} />
          <Field label={t('days')} hint={t('daysHint')} error={wrong ? t('wrongDays', { least: TRANSIT_DAYS.least, most: TRANSIT_DAYS.most }) : undefined}>{(control) => <Input {...control} inputMode="numeric" value={travel.days} onChange={(event) => onChange({ ...travel, days: event.target.value })} />}</Field>
        </div>
      )}
    </div>
  )
}
