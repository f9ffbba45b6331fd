'use client'
import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'

export type InboxItem = Outputs['inbox']['read'][number]

/** Minutes are what people have; the page itself asks as often as the bell. */
const EVERY_MS = 15_000

/** What waits on whoever is signed in, asked again while the portal is open. */
export function useInbox() {
  const trpc = useTRPC()
  return useQuery(trpc.inbox.read.queryOptions(undefined, { refetchInterval: EVERY_MS }))
}
