'use client'
import { Tabs as Radix } from 'radix-ui'
import { useEffect, useRef } from 'react'
import type { ComponentProps } from 'react'
import { cn } from './cn.ts'

export const Tabs = Radix.Root
export const TabsContent = Radix.Content

/** The tabs in a row; on a phone it scrolls, and opens with the chosen one in sight. */
export function TabsList({ className, ...props }: ComponentProps<typeof Radix.List>) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => list.current?.querySelector('[data-state=active]')?.scrollIntoView({ block: 'nearest', inline: 'center' }), [])
  return <Radix.List ref={list} className={cn('flex gap-5 overflow-x-auto border-b', className)} {...props} />
}

export function TabsTrigger({ className, ...props }: ComponentProps<typeof Radix.Trigger>) {
  return <Radix.Trigger className={cn('-mb-px whitespace-nowrap border-b-2 border-transparent px-0.5 py-2.5 text-sm font-medium text-muted transition-colors hover:text-foreground data-[state=active]:border-accent data-[state=active]:text-foreground', className)} {...props} />
}
