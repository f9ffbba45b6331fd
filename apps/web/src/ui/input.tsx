import type { ComponentProps } from 'react'
import { cn } from './cn.ts'

export const controlStyle =
  'w-full rounded-md border border-control bg-surface px-3 text-foreground shadow-sm transition-colors placeholder:text-muted/80 hover:border-foreground/60 focus-visible:outline-2 focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-danger'

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input className={cn(controlStyle, 'h-8.5 text-sm', className)} {...props} />
}

export function Textarea({ className, rows = 3, ...props }: ComponentProps<'textarea'>) {
  return <textarea rows={rows} className={cn(controlStyle, 'py-2 text-sm', className)} {...props} />
}
