import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from './cn.ts'
import { TONE_SOFT } from './tone.ts'
import type { Tone } from './tone.ts'

/** A status in a word, with a dot or an icon. `pulse` marks what is under way. */
export function Pill({ tone = 'neutral', icon: Icon, pulse = false, className, children }: {
  tone?: Tone
  icon?: LucideIcon
  pulse?: boolean
  className?: string
  children: ReactNode
}) {
  return (
    <span className={cn('inline-flex h-5.5 items-center gap-1.5 whitespace-nowrap rounded-full px-2 text-xs font-medium', TONE_SOFT[tone], className)}>
      {Icon ? <Icon className="size-3" aria-hidden /> : <span className={cn('size-1.5 rounded-full bg-current', pulse && 'animate-pulse')} aria-hidden />}
      {children}
    </span>
  )
}
