'use client'
import type { LucideIcon } from 'lucide-react'
import { RadioGroup } from 'radix-ui'
import type { ReactNode } from 'react'
import { cn } from './cn.ts'

export type Choice = { value: string; title: string; description: string; icon?: LucideIcon; badge?: ReactNode; disabled?: boolean }

/** One of several, each with a sentence; arrow keys move. */
export function ChoiceCards({ label, value, onValueChange, choices, className }: {
  label: string
  value: string
  onValueChange: (value: string) => void
  choices: readonly Choice[]
  className?: string
}) {
  return (
    <RadioGroup.Root aria-label={label} value={value} onValueChange={onValueChange} className={cn('grid gap-3 sm:grid-cols-2', className)}>
      {choices.map(({ icon: Icon, ...choice }) => (
        <RadioGroup.Item key={choice.value} value={choice.value} disabled={choice.disabled ?? false} className="flex items-start gap-3 rounded-lg border bg-surface p-4 text-left shadow-sm transition-colors hover:border-control disabled:cursor-not-allowed disabled:bg-sunken disabled:shadow-none disabled:hover:border-border data-[state=checked]:border-accent data-[state=checked]:ring-1 data-[state=checked]:ring-accent">
          {Icon && <span className="grid size-8 shrink-0 place-items-center rounded-md bg-sunken text-muted"><Icon className="size-4" aria-hidden /></span>}
          <span className="min-w-0 flex-1">
            <span className="flex flex-wrap items-center gap-2 font-medium">{choice.title}{choice.badge}</span>
            <span className="mt-0.5 block text-xs leading-5 text-muted">{choice.description}</span>
          </span>
          <span className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-control"><RadioGroup.Indicator className="size-2 rounded-full bg-accent" /></span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  )
}
