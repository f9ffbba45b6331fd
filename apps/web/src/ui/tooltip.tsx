'use client'
import { Tooltip as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

export const TooltipProvider = Radix.Provider

/** A sentence on hover and focus; never the only place where something is said. */
export function Tooltip({ content, children }: { content: ReactNode; children: ReactNode }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content sideOffset={6} collisionPadding={8} className="z-50 max-w-72 animate-enter rounded-md bg-foreground px-2.5 py-1.5 text-xs text-background shadow-lg">{content}</Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
