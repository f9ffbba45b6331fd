'use client'
import { isProviderRole } from '@driftless/domain'
import type { UserRole } from '@driftless/domain'
import { Building2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { InboxBell } from '@/features/inbox/components/inbox-bell.tsx'
import { PersonProvider } from '@/features/session/components/person-context.tsx'
import { SessionWatch } from '@/features/session/components/session-watch.tsx'
import { BrandMark } from './brand-mark.tsx'
import { PersonLanguageMenu } from './language-menu.tsx'
import { MobileNav } from './mobile-nav.tsx'
import { CUSTOMER_NAV, PROVIDER_NAV } from './nav-items.ts'
import { NavList } from './nav-list.tsx'
import { ThemeMenu } from './theme-menu.tsx'
import { UserMenu } from './user-menu.tsx'

/** Navigation, who is signed in and for whom, around every page of the portal. */
export function AppShell({ brandName, tenantName, person, restricted, children }: {
  brandName: string | null
  tenantName: string | null
  person: { name: string; email: string; role: UserRole }
  /** Nothing but the account page is open yet. */
  restricted: boolean
  children: ReactNode
}) {
  const t = useTranslations('shell')
  const items = restricted ? [] : isProviderRole(person.role) ? PROVIDER_NAV : CUSTOMER_NAV
  const name = brandName ?? t('product')
  return (
    <PersonProvider person={person}>
      <SessionWatch />
      <a href="#content" className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2">{t('skip')}</a>
      <div className="flex min-h-dvh">
        <aside className="sticky top-0 hidden h-dvh w-58 shrink-0 flex-col border-r bg-surface lg:flex">
          <div className="flex h-13 items-center px-4"><BrandMark name={name} /></div>
          <div className="flex-1 overflow-y-auto px-3 py-3"><NavList items={items} /></div>
          <p className="px-4 py-4 text-xs text-muted">{t('poweredBy')}</p>
        </aside>
        <div className="flex min-w-0 flex-1 flex-col">
          <header className="sticky top-0 z-30 flex h-13 items-center gap-2 border-b bg-surface/85 px-3 backdrop-blur sm:px-6">
            <MobileNav items={items} brandName={name} />
            <p className="flex min-w-0 flex-1 items-center gap-2 text-sm font-medium">
              <Building2 className="size-4 shrink-0 text-muted max-sm:hidden" aria-hidden />
              <span className="truncate">{tenantName ?? t('providerWide')}</span>
            </p>
            {!restricted && <InboxBell />}
            <PersonLanguageMenu />
            <ThemeMenu />
            <UserMenu name={person.name} email={person.email} role={person.role} />
          </header>
          <main id="content" tabIndex={-1} className="mx-auto flex w-full max-w-[92rem] min-w-0 flex-1 flex-col gap-6 px-4 py-6 outline-none sm:px-6 lg:px-8">{children}</main>
        </div>
      </div>
    </PersonProvider>
  )
}
