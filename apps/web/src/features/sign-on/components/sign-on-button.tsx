'use client'
import { Building2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { startSignOn } from './start-sign-on.ts'

/** Leaves for an organisation's own sign-on. */
export function SignOnButton({ connectionId, primary = false, children }: { connectionId: string; primary?: boolean; children: ReactNode }) {
  const t = useTranslations('signOn.start')
  const [state, setState] = useState<'idle' | 'leaving' | 'failed'>('idle')
  const press = async () => {
    setState('leaving')
    if (!(await startSignOn(connectionId))) setState('failed')
  }
  return (
    <>
      {state === 'failed' && <Notice tone="danger">{t('failed')}</Notice>}
      <Button size="lg" variant={primary ? 'primary' : 'secondary'} busy={state === 'leaving'} onClick={() => void press()}><Building2 aria-hidden />{children}</Button>
    </>
  )
}
