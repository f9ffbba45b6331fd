import type { Metadata, Viewport } from 'next'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { headers } from 'next/headers'
import { connection } from 'next/server'
import type { ReactNode } from 'react'
import { Providers } from '@/client/providers.tsx'
import { currentPerson } from '@/server/auth.ts'
import { brandOf } from '@/server/brand.ts'
import { accentVariables, DEFAULT_ACCENT } from '@/ui/theme/accent.ts'
import './globals.css'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('shell')
  const brand = await brandOf((await currentPerson())?.providerId ?? null)
  const name = brand?.name ?? t('product')
  return { title: { default: name, template: `%s · ${name}` }, robots: { index: false } }
}

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' }

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Every page is rendered for its request: a page rendered at build time carries no nonce and would never hydrate.
  await connection()
  const brand = await brandOf((await currentPerson())?.providerId ?? null)
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <html lang={await getLocale()} suppressHydrationWarning style={accentVariables(brand?.accentColor ?? DEFAULT_ACCENT)}>
      <body className="min-h-dvh">
        <NextIntlClientProvider>
          <Providers nonce={nonce}>{children}</Providers>
        </NextIntlClientProvider>
      </body>
    </html>
  )
}
