'use client'
import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '@/client/trpc.ts'

/** A session that was ended elsewhere is noticed within five seconds, on pages too that ask for nothing else. */
const EVERY_MS = 3_000

/** Asks whether the session still is one; `leaveWhenEnded` acts on the answer. */
export function SessionWatch() {
  const trpc = useTRPC()
  useQuery(trpc.session.current.queryOptions(undefined, { refetchInterval: EVERY_MS, staleTime: 0 }))
  return null
}
