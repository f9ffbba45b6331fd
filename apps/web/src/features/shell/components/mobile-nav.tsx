'use client'
import { Menu, X } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Dialog } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/ui/button.tsx'
import { BrandMark } from './brand-mark.tsx'
import type { NavItem } from './nav-items.ts'
import { NavList } from './nav-list.tsx'

/** The sidebar as a drawer, where there is no room for one. */
export function MobileNav({ items, brandName }: { items: readonly NavItem[]; brandName: string }) {
  const t = useTranslations('shell')
  const ui = useTranslations('ui')
  const [open, setOpen] = useState(false)
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger asChild><Button variant="ghost" size="icon" aria-label={t('openMenu')} className="lg:hidden"><Menu aria-hidden /></Button></Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Content aria-describedby={undefined} className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] animate-slide flex-col border-r bg-surface shadow-lg">
          <Dialog.Title className="sr-only">{t('menu')}</Dialog.Title>
          <div className="flex h-13 items-center justify-between gap-2 px-4">
            <BrandMark name={brandName} />
            <Dialog.Close asChild><Button variant="ghost" size="icon" aria-label={ui('close')}><X aria-hidden /></Button></Dialog.Close>
          </div>
          <div className="flex-1 overflow-y-auto px-3 py-3"><NavList items={items} onNavigate={() => setOpen(false)} /></div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
