'use client'
import { Check, ChevronDown } from 'lucide-react'
import { Select as Radix } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './cn.ts'
import { controlStyle } from './input.tsx'

export type SelectOption = { value: string; label: string; detail?: string; disabled?: boolean }
type Props = Omit<ComponentProps<typeof Radix.Trigger>, 'value' | 'onChange' | 'dir'> & {
  value: string
  onValueChange: (value: string) => void
  options: readonly SelectOption[]
  placeholder?: string
}

export function Select({ value, onValueChange, options, placeholder, className, disabled, ...trigger }: Props) {
  return (
    <Radix.Root value={value} onValueChange={onValueChange} disabled={disabled ?? false}>
      <Radix.Trigger className={cn(controlStyle, 'inline-flex h-8.5 items-center justify-between gap-2 text-left text-sm data-placeholder:text-muted', className)} {...trigger}>
        <span className="truncate"><Radix.Value placeholder={placeholder} /></span>
        <Radix.Icon><ChevronDown className="size-4 text-muted" aria-hidden /></Radix.Icon>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content position="popper" sideOffset={4} className="z-50 max-h-80 min-w-(--radix-select-trigger-width) animate-enter overflow-hidden rounded-lg border bg-surface shadow-lg">
          <Radix.Viewport className="p-1">
            {options.map((option) => (
              <Radix.Item key={option.value} value={option.value} disabled={option.disabled ?? false} className="relative flex min-h-8 cursor-default select-none flex-col justify-center rounded-md py-1 pr-8 pl-2.5 text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-sunken">
                <Radix.ItemText>{option.label}</Radix.ItemText>
                {option.detail !== undefined && <span className="text-xs text-muted">{option.detail}</span>}
                <Radix.ItemIndicator className="absolute right-2 top-1/2 -translate-y-1/2"><Check className="size-4 text-accent" aria-hidden /></Radix.ItemIndicator>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
