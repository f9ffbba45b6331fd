'use client'
import { X } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Dialog as Radix } from 'radix-ui'
import { useRef } from 'react'
import type { ReactNode } from 'react'
import { cn } from './cn.ts'

export const DialogClose = Radix.Close

export function Dialog({ open, onOpenChange, title, description, trigger, footer, reading = false, className, children }: {
  open?: boolean
  onOpenChange?: (open: boolean) => void
  title: ReactNode
  description?: ReactNode
  trigger?: ReactNode
  footer?: ReactNode
  /** There is nothing to do in it: its body takes the focus, so that it can be scrolled by keyboard. */
  reading?: boolean
  className?: string
  children?: ReactNode
}) {
  const t = useTranslations('ui')
  const before = useRef<Element | null>(null)
  const noteFocus = () => {
    before.current = document.activeElement
  }
  // The library gives the focus back to the trigger; without one, to whatever had it.
  const restoreFocus = (event: Event) => {
    if (trigger !== undefined || !(before.current instanceof HTMLElement)) return
    event.preventDefault()
    before.current.focus()
  }
  return (
    <Radix.Root {...(open === undefined ? {} : { open })} {...(onOpenChange === undefined ? {} : { onOpenChange })}>
      {trigger !== undefined && <Radix.Trigger asChild>{trigger}</Radix.Trigger>}
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/45 backdrop-blur-[1px]" />
        <Radix.Content onOpenAutoFocus={noteFocus} onCloseAutoFocus={restoreFocus} {...(description === undefined ? { 'aria-describedby': undefined } : {})} className={cn('fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 -translate-y-1/2 flex-col overflow-hidden rounded-xl border bg-surface shadow-lg', className)}>
          <div className="flex items-start justify-between gap-4 px-5 pt-5">
            <div className="min-w-0">
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {description !== undefined && <Radix.Description className="mt-1 text-sm text-muted">{description}</Radix.Description>}
            </div>
            <Radix.Close aria-label={t('close')} className="-m-1 rounded-md p-1 text-muted hover:bg-sunken hover:text-foreground"><X className="size-4" aria-hidden /></Radix.Close>
          </div>
          <div {...(reading ? { tabIndex: 0 } : {})} className="min-h-0 flex-1 overflow-y-auto px-5 py-4 focus-visible:-outline-offset-2">{children}</div>
          {footer !== undefined && <div className="flex flex-wrap justify-end gap-2 border-t bg-sunken/50 px-5 py-3">{footer}</div>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
