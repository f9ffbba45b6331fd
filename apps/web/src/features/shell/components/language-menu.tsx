'use client'
import { useMutation } from '@tanstack/react-query'
import { Languages } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { keepLocale } from '@/i18n/keep-choice.ts'
import { isLocale, LOCALES } from '@/i18n/locales.ts'
import type { Locale } from '@/i18n/locales.ts'
import { Button } from '@/ui/button.tsx'
import { DropdownMenu, DropdownMenuContent, DropdownMenuRadioGroup, DropdownMenuRadioItem, DropdownMenuTrigger } from '@/ui/dropdown-menu.tsx'
import { toast } from '@/ui/toaster.tsx'

/** The pages' language, kept in this browser. */
export function LanguageMenu({ onChoose }: { onChoose?: (locale: Locale) => void }) {
  const t = useTranslations('shell')
  const locale = useLocale()
  const router = useRouter()
  const [pending, start] = useTransition()
  const choose = (next: string) => {
    if (!isLocale(next)) return
    keepLocale(next)
    onChoose?.(next)
    start(() => router.refresh())
  }
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

/** The same for whoever is signed in: what is sent to them is in that language from now on, too. */
export function PersonLanguageMenu() {
  const errorText = useErrorText()
  const change = useMutation(useTRPC().session.changeLocale.mutationOptions({ onError: (error) => toast.error(errorText(error)) }))
  return <LanguageMenu onChoose={(locale) => change.mutate({ locale })} />
}
