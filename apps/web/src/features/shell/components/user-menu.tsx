'use client'
import type { UserRole } from '@driftless/domain'
import { LogOut, UserRoundCog } from 'lucide-react'
import { signOut } from 'next-auth/react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuSeparator, DropdownMenuTrigger } from '@/ui/dropdown-menu.tsx'

function initials(name: string): string {
  return name.split(/\s+/).slice(0, 2).map((part) => part.slice(0, 1)).join('').toUpperCase()
}

export function UserMenu({ name, email, role }: { name: string; email: string; role: UserRole }) {
  const t = useTranslations('shell')
  return (
    <DropdownMenu>
      <DropdownMenuTrigger className="ml-1 flex items-center gap-2 rounded-full p-0.5 hover:bg-sunken sm:pr-2.5">
        <span aria-hidden className="grid size-7.5 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent">{initials(name)}</span>
        <span className="sr-only">{t('account')}</span>
        <span className="text-left text-xs leading-tight max-sm:sr-only"><span className="block font-medium">{name}</span><span className="block text-muted">{t(`roles.${role}`)}</span></span>
      </DropdownMenuTrigger>
      <DropdownMenuContent className="min-w-56">
        <div className="px-2.5 py-2">
          <p className="text-sm font-medium">{name}</p>
          <p className="text-xs text-muted">{email}</p>
          <p className="mt-1 text-xs text-muted sm:hidden">{t(`roles.${role}`)}</p>
        </div>
        <DropdownMenuSeparator />
        <DropdownMenuItem asChild><Link href="/account"><UserRoundCog aria-hidden />{t('ownAccount')}</Link></DropdownMenuItem>
        <DropdownMenuItem onSelect={() => void signOut({ callbackUrl: '/sign-in' })}><LogOut aria-hidden />{t('signOut')}</DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  )
}
