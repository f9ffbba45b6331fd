'use client'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { usePerson } from './person-context.tsx'

/** A session that was ended elsewhere is noticed within five seconds, on pages too that ask for nothing else. */
const EVERY_MS = 3_000

/** Asks whether the session still is one; `leaveWhenEnded` acts on the answer. A page made for another role is loaded anew. */
export function SessionWatch() {
  const trpc = useTRPC()
  const { role } = usePerson()
  const { data } = useQuery(trpc.session.current.queryOptions(undefined, { refetchInterval: EVERY_MS, staleTime: 0 }))
  const other = data !== undefined && data.role !== role
  useEffect(() => {
    if (other) window.location.reload()
  }, [other])
  return null
}
