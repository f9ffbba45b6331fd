'use client'
import { browserSupportsWebAuthn, startAuthentication, WebAuthnError } from '@simplewebauthn/browser'
import { useMutation } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPCClient } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { finish } from './finish.ts'

/** Signs in by passkey alone: neither address nor password is asked for. */
export function PasskeyButton() {
  const t = useTranslations('signIn.passkey')
  const client = useTRPCClient()
  const errorText = useErrorText()
  const signIn = useMutation({
    mutationFn: async () => {
      const { ticket, options } = await client.signIn.passkey.mutate()
      await finish('passkey', { ticket, response: await startAuthentication({ optionsJSON: options }) })
    },
  })
  const press = () => signIn.mutate()
  return (
    <div className="mt-4 flex flex-col gap-3">
      <p className="flex items-center gap-3 text-xs text-muted before:h-px before:flex-1 before:bg-border after:h-px after:flex-1 after:bg-border">{t('or')}</p>
      {signIn.error && <Notice tone={isPasskeyTrouble(signIn.error) ? 'warning' : 'danger'}>{isPasskeyTrouble(signIn.error) ? t('notDone') : errorText(signIn.error)}</Notice>}
      <Button size="lg" busy={signIn.isPending} onClick={press}><KeyRound aria-hidden />{t('action')}</Button>
    </div>
  )
}

/** The person closed the browser's question, or it has no such passkey: nothing of ours failed. */
export function isPasskeyTrouble(error: unknown): boolean {
  return error instanceof WebAuthnError || error instanceof DOMException || (error instanceof Error && error.name === 'NotAllowedError') || !browserSupportsWebAuthn()
}
