'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { EntranceFrame } from '@/features/shell/components/entrance-frame.tsx'
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
  const [filled, setFilled] = useState({ email: '', password: '' })
  const [begun, setBegun] = useState<Begun | null>(null)
  return (
    <EntranceFrame brandName={brandName} title={t('title')} lead={brandName === null ? t('leadPlain') : t('lead', { provider: brandName })}>
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
    </EntranceFrame>
  )
}
