'use client'
import { ToggleGroup } from 'radix-ui'
import { cn } from './cn.ts'

/** A small set of exclusive choices in a row, such as a time range. */
export function Segmented({ label, value, onValueChange, options, className }: {
  label: string
  value: string
  onValueChange: (value: string) => void
  options: readonly { value: string; label: string }[]
  className?: string
}) {
  return (
    <ToggleGroup.Root type="single" aria-label={label} value={value} onValueChange={(next) => { if (next !== '') onValueChange(next) }} className={cn('inline-flex max-w-full flex-wrap rounded-md border bg-sunken p-0.5', className)}>
      {options.map((option) => (
        <ToggleGroup.Item key={option.value} value={option.value} className="h-7 whitespace-nowrap rounded px-2.5 text-xs font-medium text-muted transition-colors hover:text-foreground data-[state=on]:bg-surface data-[state=on]:text-foreground data-[state=on]:shadow-sm">
          {option.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  )
}
