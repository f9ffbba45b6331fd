'use client'
import { startAuthentication } from '@simplewebauthn/browser'
import { useMutation } from '@tanstack/react-query'
import { ArrowLeft, KeyRound } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { refusalCodeOf, useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import { CodeForm } from './code-form.tsx'
import { finish } from './finish.ts'
import { isPasskeyTrouble } from './passkey-button.tsx'
import type { Begun } from './sign-in-form.tsx'

/** The second factor, after a right password: one of those that the person has. */
export function SecondStep({ begun, onBack }: { begun: Begun; onBack: () => void }) {
  const t = useTranslations('signIn.second')
  const errorText = useErrorText()
  const [chosen, setChosen] = useState(begun.steps[0])
  const proveIt = useMutation({
    mutationFn: async (code: string) => {
      const proof = chosen === 'PASSKEY' && begun.passkey ? { method: chosen, response: await startAuthentication({ optionsJSON: begun.passkey }) } : { method: chosen, code }
      await finish('second-step', { ticket: begun.ticket, proof })
    },
  })
  const choose = (value: string) => {
    proveIt.reset()
    setChosen(begun.steps.find((step) => step === value))
  }
  const over = refusalCodeOf(proveIt.error) === 'SIGN_IN_EXPIRED'
  return (
    <section aria-labelledby="second-step" className="mt-6 flex flex-col gap-4">
      <h2 id="second-step" className="text-base font-semibold">{t('title')}</h2>
      {begun.steps.length === 0 && <Notice tone="warning">{t('none')}</Notice>}
      {begun.steps.length > 1 && <Segmented label={t('choose')} value={chosen ?? ''} onValueChange={choose} options={begun.steps.map((step) => ({ value: step, label: t(`steps.${step}`) }))} />}
      {proveIt.error && <Notice tone={isPasskeyTrouble(proveIt.error) ? 'warning' : 'danger'}>{isPasskeyTrouble(proveIt.error) ? t('notDone') : errorText(proveIt.error)}</Notice>}
      {!over && chosen === 'PASSKEY' && <Button variant="primary" size="lg" busy={proveIt.isPending} onClick={() => proveIt.mutate('')}><KeyRound aria-hidden />{t('usePasskey')}</Button>}
      {!over && (chosen === 'TOTP' || chosen === 'RECOVERY_CODE') && <CodeForm key={chosen} kind={chosen} busy={proveIt.isPending} action={t('submit')} onSubmit={(code) => proveIt.mutate(code)} />}
      <Button variant="ghost" className="self-start" onClick={onBack}><ArrowLeft aria-hidden />{t('back')}</Button>
    </section>
  )
}
