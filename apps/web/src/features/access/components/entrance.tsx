'use client'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { BrandMark } from '@/features/shell/components/brand-mark.tsx'
import { LanguageMenu } from '@/features/shell/components/language-menu.tsx'
import { ThemeMenu } from '@/features/shell/components/theme-menu.tsx'

/** The frame of pages for whoever is not signed in. */
export function Entrance({ brandName, title, lead, children }: { brandName: string | null; title: string; lead?: ReactNode; children: ReactNode }) {
  const shell = useTranslations('shell')
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-5 py-4">
        <BrandMark name={brandName ?? shell('product')} />
        <div className="flex"><LanguageMenu /><ThemeMenu /></div>
      </header>
      <main className="flex flex-1 items-center justify-center px-4 pb-16">
        <div className="w-full max-w-96">
          <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
          {lead !== undefined && <div className="mt-1.5 text-sm text-muted">{lead}</div>}
          <div className="mt-6 flex flex-col gap-4">{children}</div>
        </div>
      </main>
      <footer className="px-5 py-4 text-center text-xs text-muted">{shell('poweredBy')}</footer>
    </div>
  )
}
