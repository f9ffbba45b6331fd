import type { ReactNode } from 'react'

export function PageHeader({ title, description, eyebrow, status, actions }: {
  title: ReactNode
  description?: ReactNode
  /** Where this page hangs, usually a link back. */
  eyebrow?: ReactNode
  status?: ReactNode
  actions?: ReactNode
}) {
  return (
    <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 max-w-full">
        {eyebrow !== undefined && <div className="mb-1 text-xs text-muted">{eyebrow}</div>}
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <h1 className="min-w-0 text-xl font-semibold tracking-tight break-words">{title}</h1>
          {status}
        </div>
        {description !== undefined && <p className="mt-1 max-w-2xl text-sm text-muted">{description}</p>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}
