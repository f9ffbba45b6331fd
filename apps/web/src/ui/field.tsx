'use client'
import { Label as Radix } from 'radix-ui'
import { useId } from 'react'
import type { ComponentProps, ReactNode } from 'react'
import { cn } from './cn.ts'

export function Label({ className, ...props }: ComponentProps<typeof Radix.Root>) {
  return <Radix.Root className={cn('text-sm font-medium', className)} {...props} />
}

/** What a control inside a field must carry to be labelled and described. */
export type FieldControl = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }

/** Label, control, hint and error as one; `children` receives the attributes that tie them together. */
export function Field({ label, hint, error, className, children }: {
  label: string
  hint?: ReactNode
  error?: string | undefined
  className?: string
  children: (control: FieldControl) => ReactNode
}) {
  const id = useId()
  const described = error !== undefined || hint !== undefined ? `${id}-about` : undefined
  return (
    <div className={cn('flex min-w-0 flex-col gap-1.5', className)}>
      <Label htmlFor={id}>{label}</Label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': error !== undefined })}
      {error !== undefined
        ? <p id={described} role="alert" className="text-xs text-danger">{error}</p>
        : hint !== undefined && <p id={described} className="text-xs text-muted">{hint}</p>}
    </div>
  )
}
