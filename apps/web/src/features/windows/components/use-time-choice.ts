'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTimeZone } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { atSending, newTimeDraft, ownTimeOf } from '../time/time-draft.ts'
import type { ChosenTime, TimeDraft } from '../time/time-draft.ts'
import type { Board } from './use-slot-text.ts'

const HOUR_MS = 3_600_000
/** As many slots as one looks through at a time. */
const PAGE_MS = 14 * 24 * HOUR_MS
/** Nobody books further ahead than a year. */
const MOST_PAGES = 26

export type TimeWish = { readonly slotKey: string | null; readonly startsAt: Date }
export type TimeChoice = {
  readonly draft: TimeDraft
  /** By whose clocks it is typed: the one by which the page shows times. */
  readonly zone: string
  readonly change: (changed: Partial<TimeDraft>) => void
  readonly mode: 'slot' | 'own'
  readonly board: Board | undefined
  readonly page: { readonly at: number; readonly last: number; readonly from: Date; readonly to: Date; readonly show: (at: number) => void }
  /** What is to be sent; null: nothing that makes sense yet. */
  readonly chosen: () => ChosenTime | null
}

/** The time that somebody is choosing at a target site (`siteId` null: no site yet), with what the site's calendar offers. `wish`: what they came for. */
export function useTimeChoice(siteId: string | null, wish: TimeWish | null): TimeChoice {
  const trpc = useTRPC()
  const zone = useTimeZone() ?? 'UTC'
  const [base] = useState(() => new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS))
  const [draft, setDraft] = useState(() => newTimeDraft(new Date(), zone, wish === null ? {} : wish.slotKey === null ? { startsAt: wish.startsAt } : { slotKey: wish.slotKey }))
  const [at, setAt] = useState(() => (wish === null ? 0 : Math.min(MOST_PAGES - 1, Math.max(0, Math.floor((wish.startsAt.getTime() - base.getTime()) / PAGE_MS)))))
  const from = new Date(base.getTime() + at * PAGE_MS)
  const to = new Date(from.getTime() + PAGE_MS)
  const board = useQuery(trpc.windows.board.queryOptions({ targetSiteId: siteId ?? '', from, to }, { enabled: siteId !== null, placeholderData: keepPreviousData })).data
  const mode = draft.mode ?? (board?.zone == null ? 'own' : 'slot')
  return {
    draft, zone, mode, board,
    change: (changed) => setDraft((current) => ({ ...current, ...changed })),
    page: { at, last: MOST_PAGES - 1, from, to, show: setAt },
    chosen: () => {
      if (mode === 'slot') return draft.slotKey === null ? null : { slotKey: draft.slotKey }
      const own = ownTimeOf(draft, zone)
      return own && atSending(own, draft, new Date())
    },
  }
}
