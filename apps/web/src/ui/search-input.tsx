'use client'
import { Search } from 'lucide-react'
import type { ComponentProps } from 'react'
import { cn } from './cn.ts'
import { Input } from './input.tsx'

/** `label` is read out and shown as placeholder. */
export function SearchInput({ label, className, ...props }: ComponentProps<'input'> & { label: string }) {
  return (
    <div className={cn('relative w-full sm:w-64', className)}>
      <Search className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted" aria-hidden />
      <Input type="search" aria-label={label} placeholder={label} className="pl-8" {...props} />
    </div>
  )
}
