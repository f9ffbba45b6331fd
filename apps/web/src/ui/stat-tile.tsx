import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from './cn.ts'
import { TONE_TEXT } from './tone.ts'
import type { Tone } from './tone.ts'

/** Tiles share hairlines; put `StatTile`s into it. */
export function StatGrid({ className, children }: { className?: string; children: ReactNode }) {
  return <dl className={cn('grid grid-cols-2 gap-px overflow-hidden rounded-xl border bg-border shadow-sm sm:grid-cols-3 xl:grid-cols-6', className)}>{children}</dl>
}

/** One number with its name, and a line that explains it. */
export function StatTile({ label, value, detail, icon: Icon, tone = 'neutral', className }: {
  label: string
  value: ReactNode
  detail?: ReactNode
  icon?: LucideIcon
  tone?: Tone
  className?: string
}) {
  return (
    <div className={cn('min-w-0 bg-surface px-4 py-3.5', className)}>
      <dt className="flex items-center gap-1.5 text-xs text-muted">{Icon && <Icon className="size-3.5 shrink-0" aria-hidden />}<span>{label}</span></dt>
      <dd className={cn('mt-1 text-lg break-words font-semibold tracking-tight tabular-nums', tone !== 'neutral' && TONE_TEXT[tone])}>{value}</dd>
      {detail !== undefined && <dd className="mt-0.5 text-xs text-muted">{detail}</dd>}
    </div>
  )
}
