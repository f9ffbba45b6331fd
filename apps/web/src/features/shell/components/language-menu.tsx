'use client'
import { Languages } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import { chooseLocale } from '@/i18n/choose-locale.ts'
import { LOCALES } from '@/i18n/locales.ts'
import { Button } from '@/ui/button.tsx'
import { DropdownMenu, DropdownMenuContent, DropdownMenuRadioGroup, DropdownMenuRadioItem, DropdownMenuTrigger } from '@/ui/dropdown-menu.tsx'

export function LanguageMenu() {
  const t = useTranslations('shell')
  const locale = useLocale()
  const router = useRouter()
  const [pending, start] = useTransition()
  const choose = (next: string) => start(async () => {
    await chooseLocale(next)
    router.refresh()
  })
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label={t('language')} aria-busy={pending}><Languages aria-hidden /></Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent className="min-w-36">
        <DropdownMenuRadioGroup value={locale} onValueChange={choose}>
          {LOCALES.map((one) => <DropdownMenuRadioItem key={one} value={one} lang={one}>{t(`languages.${one}`)}</DropdownMenuRadioItem>)}
        </DropdownMenuRadioGroup>
      </DropdownMenuContent>
    </DropdownMenu>
  )
}
