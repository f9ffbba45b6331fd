import type { ReactNode } from 'react'
import { cn } from './cn.ts'

/** Names on the left, values on the right. */
export function KeyValueList({ items, className }: { items: readonly { label: string; value: ReactNode }[]; className?: string }) {
  return (
    <dl className={cn('divide-y text-sm', className)}>
      {items.map((item) => (
        <div key={item.label} className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-0.5 py-2 first:pt-0 last:pb-0">
          <dt className="text-muted">{item.label}</dt>
          <dd className="min-w-0 text-right font-medium tabular-nums break-words">{item.value}</dd>
        </div>
      ))}
    </dl>
  )
}
