import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from './cn.ts'
import { TONE_TEXT } from './tone.ts'

const ICONS = { info: Info, success: CircleCheck, warning: TriangleAlert, danger: CircleAlert } as const satisfies Record<string, LucideIcon>
const FRAMES = {
  info: 'border-info/25 bg-info-soft', success: 'border-success/25 bg-success-soft',
  warning: 'border-warning/30 bg-warning-soft', danger: 'border-danger/30 bg-danger-soft',
} as const

/** A message that stays: what happened, and what to do next. */
export function Notice({ tone = 'info', title, actions, className, children }: {
  tone?: keyof typeof ICONS
  title?: ReactNode
  actions?: ReactNode
  className?: string
  children?: ReactNode
}) {
  const Icon = ICONS[tone]
  return (
    <div role={tone === 'danger' ? 'alert' : 'status'} className={cn('flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border px-4 py-3', FRAMES[tone], className)}>
      <div className="flex min-w-0 flex-1 basis-60 gap-2.5">
        <Icon className={cn('mt-0.5 size-4 shrink-0', TONE_TEXT[tone])} aria-hidden />
        <div className="min-w-0 text-sm">
          {title !== undefined && <p className="font-medium">{title}</p>}
          {children !== undefined && <div className={cn(title !== undefined && 'mt-0.5 text-foreground/80')}>{children}</div>}
        </div>
      </div>
      {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  )
}
