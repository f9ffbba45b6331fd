'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { BrandMark } from '@/features/shell/components/brand-mark.tsx'
import { LanguageMenu } from '@/features/shell/components/language-menu.tsx'
import { ThemeMenu } from '@/features/shell/components/theme-menu.tsx'
import { OrganisationSignOn } from '@/features/sign-on/components/organisation-sign-on.tsx'
import { SignOnRefused } from '@/features/sign-on/components/sign-on-refused.tsx'
import { Notice } from '@/ui/notice.tsx'
import { DemoPeople } from './demo-people.tsx'
import { PasskeyButton } from './passkey-button.tsx'
import { SecondStep } from './second-step.tsx'
import { SignInForm } from './sign-in-form.tsx'
import type { Begun } from './sign-in-form.tsx'

/** `ended`: the person was here because their session was over; `passkeys`: the portal has a host name that passkeys can be bound to. */
export function SignInPage({ brandName, isDemo, ended, passkeys }: { brandName: string | null; isDemo: boolean; ended: boolean; passkeys: boolean }) {
  const t = useTranslations('signIn')
  const shell = useTranslations('shell')
  const [filled, setFilled] = useState({ email: '', password: '' })
  const [begun, setBegun] = useState<Begun | null>(null)
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-5 py-4">
        <BrandMark name={brandName ?? shell('product')} />
        <div className="flex"><LanguageMenu /><ThemeMenu /></div>
      </header>
      <main className="flex flex-1 items-center justify-center px-4 pb-16">
        <div className="w-full max-w-96">
          <h1 className="text-2xl font-semibold tracking-tight">{t('title')}</h1>
          <p className="mt-1.5 text-sm text-muted">{brandName === null ? t('leadPlain') : t('lead', { provider: brandName })}</p>
          {ended && begun === null && <Notice className="mt-4">{t('ended')}</Notice>}
          {begun === null ? (
            <>
              <SignOnRefused />
              <SignInForm key={filled.email} initial={filled} onSecondStep={setBegun} />
              {passkeys && <PasskeyButton />}
              <OrganisationSignOn />
              {isDemo && <DemoPeople onChoose={setFilled} />}
            </>
          ) : <SecondStep begun={begun} onBack={() => setBegun(null)} />}
        </div>
      </main>
      <footer className="px-5 py-4 text-center text-xs text-muted">{shell('poweredBy')}</footer>
    </div>
  )
}
