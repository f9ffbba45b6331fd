'use client'
import type { SlotDemand } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { useFormats } from '@/ui/format/use-formats.ts'

export type Board = Outputs['windows']['board']
export type BoardSlot = Board['slots'][number]

/** What is left of a slot, and why it cannot be had. */
export function useSlotText() {
  const t = useTranslations('windows.slot')
  const { list } = useFormats()
  const rate = useBitRate()
  return {
    /** What is free of what it holds. */
    free: ({ free, cutovers, bandwidthBytesPerSecond, staff }: BoardSlot) => list([
      t('cutovers', { free: free.cutovers, count: cutovers }),
      ...(free.bandwidthBytesPerSecond === null || bandwidthBytesPerSecond === null ? [] : [t('bandwidth', { free: rate(free.bandwidthBytesPerSecond), all: rate(bandwidthBytesPerSecond) })]),
      ...(free.staff === null || staff === null ? [] : [t('staff', { free: free.staff, count: staff })]),
    ]),
    /** Why nobody can have it, or why it does not hold what is asked of it; null: it can be had. */
    closed: (slot: BoardSlot, board: Pick<Board, 'noticeHours' | 'blackouts'>, demand: SlotDemand | null) => {
      const { closed, free } = slot
      if (closed === 'BLACKOUT') return t('closed.BLACKOUT', { reason: board.blackouts.find(({ startsAt, endsAt }) => startsAt < slot.endsAt && endsAt > slot.startsAt)?.reason ?? '' })
      if (closed !== null) return t(`closed.${closed}`, { hours: board.noticeHours })
      if (demand === null) return null
      if (demand.cutovers > free.cutovers) return t('tooSmall', { free: free.cutovers, needed: demand.cutovers })
      if (free.bandwidthBytesPerSecond !== null && (demand.bandwidthBytesPerSecond ?? 0) > free.bandwidthBytesPerSecond) return t('tooNarrow', { free: rate(free.bandwidthBytesPerSecond) })
      return free.staff !== null && demand.staff > free.staff ? t('tooFew', { free: free.staff }) : null
    },
  }
}
