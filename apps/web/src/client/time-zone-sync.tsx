'use client'
import { useTimeZone } from 'next-intl'
import { useRouter } from 'next/navigation'
import { useEffect } from 'react'
import { keepTimeZone } from '@/i18n/keep-choice.ts'

/** Tells the server the browser's time zone once, so that both write the same times. */
export function TimeZoneSync() {
  const known = useTimeZone()
  const router = useRouter()
  useEffect(() => {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone
    if (here === known) return
    keepTimeZone(here)
    router.refresh()
  }, [known, router])
  return null
}
