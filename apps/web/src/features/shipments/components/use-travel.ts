'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { isRefusal } from '@/client/refusal.ts'
import { useTRPC } from '@/client/trpc.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Travel } from '../shipment-types.ts'

/** Lorries are slow, and the curves behind it cover a week. */
const EVERY_MS = 60_000

/** When a wave is in step of which VMs travel; null until it is known, and where none does. */
export function useTravel(waveId: string, travels: boolean): Travel | null {
  const query = useQuery(useTRPC().shipments.travel.queryOptions({ waveId }, { enabled: travels, refetchInterval: ({ state }) => (isRefusal(state.error) ? false : EVERY_MS) }))
  return travels ? (query.data ?? null) : null
}

/** The days on which a wave is in step, as people read them. */
export function useInStepText(): (travel: Pick<Travel, 'identicalAtMs'>) => string {
  const t = useTranslations('shipments.travel')
  const { dateTime, dateTimeRange } = useFormats()
  return ({ identicalAtMs: { p50, p90 } }) => (p50 === null ? t('noDay') : p90 === null || p90 === p50 ? dateTime(new Date(p50)) : dateTimeRange(new Date(p50), new Date(p90)))
}
