'use client'
import { useTheme } from 'next-themes'
import { useTranslations } from 'next-intl'
import { Toaster as Sonner } from 'sonner'

export { toast } from 'sonner'

export function Toaster() {
  const { resolvedTheme } = useTheme()
  const t = useTranslations('ui')
  return <Sonner theme={resolvedTheme === 'dark' ? 'dark' : 'light'} position="bottom-right" closeButton containerAriaLabel={t('notifications')} toastOptions={{ classNames: { toast: '!font-sans !rounded-lg !border !bg-surface !text-foreground !shadow-lg', description: '!text-muted' } }} />
}
