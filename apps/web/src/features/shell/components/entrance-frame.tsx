'use client'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { BrandMark } from './brand-mark.tsx'
import { LanguageMenu } from './language-menu.tsx'
import { ThemeMenu } from './theme-menu.tsx'

/** The frame of pages for whoever is not signed in: a heading, what stands below it, and the page itself. */
export function EntranceFrame({ brandName, title, lead, children }: { brandName: string | null; title: string; lead?: ReactNode; children: ReactNode }) {
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
          {children}
        </div>
      </main>
      <footer className="px-5 py-4 text-center text-xs text-muted">{shell('poweredBy')}</footer>
    </div>
  )
}
