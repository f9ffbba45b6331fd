'use client'
import { Bell } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Button } from '@/ui/button.tsx'
import { useInbox } from './use-inbox.ts'

/** More is not read as a number any more. */
const MOST_SHOWN = 99

/** The way to the inbox, with how much waits. */
export function InboxBell() {
  const t = useTranslations('inbox')
  const count = useInbox().data?.length ?? 0
  return (
    <Button asChild variant="ghost" size="icon">
      <Link href="/inbox" aria-label={t('bell', { count })} className="relative">
        <Bell aria-hidden />
        {count > 0 && <span aria-hidden className="absolute -top-0.5 -right-0.5 grid h-4 min-w-4 place-items-center rounded-full bg-danger px-1 text-[0.625rem] leading-none font-semibold text-surface tabular-nums">{count > MOST_SHOWN ? `${MOST_SHOWN}+` : count}</span>}
      </Link>
    </Button>
  )
}
