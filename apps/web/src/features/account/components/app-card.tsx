'use client'
import { Smartphone } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPCClient } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { CodeForm } from '@/features/sign-in/components/code-form.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { Pill } from '@/ui/pill.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Account } from './account-page.tsx'
import { useAccountChange } from './use-account-change.ts'

/** The authenticator app: set up with a picture and a first code, or taken away. */
export function AppCard({ account, onCodes }: { account: Account; onCodes: (codes: readonly string[]) => void }) {
  const t = useTranslations('account.app')
  const client = useTRPCClient()
  const formats = useFormats()
  const [started, setStarted] = useState<Outputs['account']['startTotp'] | null>(null)
  const start = useAccountChange(() => client.account.startTotp.mutate(), { onDone: setStarted })
  const remove = useAccountChange(() => client.account.removeTotp.mutate(), { onDone: () => toast.success(t('removed')) })
  const done = (codes: readonly string[] | null) => {
    setStarted(null)
    toast.success(t('added'))
    if (codes !== null) onCodes(codes)
  }
  return (
    <Card>
      <CardHeader
        title={<span className="inline-flex items-center gap-2"><Smartphone className="size-4 text-muted" aria-hidden />{t('title')}</span>} description={t('description')}
        actions={<Pill tone={account.totpSince === null ? 'neutral' : 'success'}>{t(account.totpSince === null ? 'off' : 'on')}</Pill>}
      />
      <CardBody className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-sm text-muted">{account.totpSince === null ? t('none') : t('since', { at: formats.dateTime(account.totpSince) })}</p>
        {account.totpSince === null
          ? <Button variant={account.passkeysPossible ? 'secondary' : 'primary'} busy={start.isPending} onClick={() => start.mutate()}>{t('add')}</Button>
          : <Confirm danger trigger={<Button variant="danger">{t('remove')}</Button>} title={t('removeTitle')} description={t('removeText')} action={t('remove')} onConfirm={() => remove.mutateAsync()} />}
      </CardBody>
      {started !== null && <Dialog open onOpenChange={() => setStarted(null)} title={t('setUp')} description={t('scan')}><SetUp started={started} onDone={done} /></Dialog>}
    </Card>
  )
}

function SetUp({ started, onDone }: { started: Outputs['account']['startTotp']; onDone: (codes: readonly string[] | null) => void }) {
  const t = useTranslations('account.app')
  const client = useTRPCClient()
  const errorText = useErrorText()
  const confirm = useAccountChange((code: string) => client.account.confirmTotp.mutate({ code }), { onDone: ({ recoveryCodes }) => onDone(recoveryCodes), quiet: true })
  return (
    <div className="flex flex-col gap-4">
      {/* An SVG without script, as an image: nothing of it can run. White around it in both themes, or cameras miss it. */}
      {/* oxlint-disable-next-line nextjs/no-img-element -- a picture that the page holds already */}
      <img src={`data:image/svg+xml,${encodeURIComponent(started.svg)}`} alt={t('qr')} className="mx-auto size-48 rounded-md bg-white p-2" />
      <CopyBox label={t('secret')} text={started.secret} copy={t('copy')} copied={t('copied')} />
      {confirm.error && <Notice tone="danger">{errorText(confirm.error)}</Notice>}
      <CodeForm kind="TOTP" busy={confirm.isPending} action={t('confirm')} onSubmit={(code) => confirm.mutate(code)} />
    </div>
  )
}
