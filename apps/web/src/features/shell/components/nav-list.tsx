'use client'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { cn } from '@/ui/cn.ts'
import type { NavItem } from './nav-items.ts'

export function NavList({ items, onNavigate }: { items: readonly NavItem[]; onNavigate?: () => void }) {
  const t = useTranslations('shell')
  const path = usePathname()
  return (
    <nav aria-label={t('mainNavigation')}>
      <ul className="flex flex-col gap-0.5">
        {items.map(({ key, href, icon: Icon, also }) => {
          const current = path === href || path.startsWith(`${href}/`) || (also !== undefined && path.startsWith(also))
          return (
            <li key={key}>
              <Link href={href} aria-current={current ? 'page' : undefined} {...(onNavigate ? { onClick: onNavigate } : {})} className={cn('flex h-8.5 items-center gap-2.5 rounded-md px-2.5 text-sm font-medium transition-colors', current ? 'bg-accent-soft text-accent' : 'text-muted hover:bg-sunken hover:text-foreground')}>
                <Icon className="size-4 shrink-0" aria-hidden />
                {t(`nav.${key}`)}
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
