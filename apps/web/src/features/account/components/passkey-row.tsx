'use client'
import { Pencil, Trash2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPCClient } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Input } from '@/ui/input.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Account } from './account-page.tsx'
import { useAccountChange } from './use-account-change.ts'

/** One passkey: its name, where it is kept, when it was last used. */
export function PasskeyRow({ passkey, restricted }: { passkey: Account['passkeys'][number]; restricted: boolean }) {
  const t = useTranslations('account.passkeys')
  const client = useTRPCClient()
  const formats = useFormats()
  const remove = useAccountChange(() => client.account.removePasskey.mutate({ passkeyId: passkey.id }), { onDone: () => toast.success(t('removed', { name: passkey.name })) })
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-2.5 first:pt-0 last:pb-0">
      <div className="min-w-0">
        <p className="text-sm font-medium break-words">{passkey.name}</p>
        <p className="text-xs text-muted">
          {t(passkey.synced ? 'synced' : 'bound')} · {t('since', { at: formats.date(passkey.createdAt) })} · {passkey.lastUsedAt === null ? t('neverUsed') : <>{t('lastUsed')} <RelativeTime at={passkey.lastUsedAt} /></>}
        </p>
      </div>
      {!restricted && (
        <div className="flex gap-1">
          <Rename passkey={passkey} />
          <Confirm danger trigger={<Button variant="ghost" size="icon" aria-label={t('removeOf', { name: passkey.name })}><Trash2 aria-hidden /></Button>} title={t('removeTitle', { name: passkey.name })} description={t('removeText')} action={t('remove')} onConfirm={() => remove.mutateAsync()} />
        </div>
      )}
    </li>
  )
}

function Rename({ passkey }: { passkey: Account['passkeys'][number] }) {
  const t = useTranslations('account.passkeys')
  const client = useTRPCClient()
  const [open, setOpen] = useState(false)
  const [name, setName] = useState(passkey.name)
  const rename = useAccountChange(() => client.account.renamePasskey.mutate({ passkeyId: passkey.id, name }), { onDone: () => setOpen(false) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') rename.mutate()
  }
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('rename')} trigger={<Button variant="ghost" size="icon" aria-label={t('renameOf', { name: passkey.name })}><Pencil aria-hidden /></Button>}>
      <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
        <Field label={t('name')}>{(control) => <Input {...control} value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />}</Field>
        <div className="flex justify-end"><Button type="submit" variant="primary" busy={rename.isPending} disabled={name.trim() === ''}>{t('save')}</Button></div>
      </form>
    </Dialog>
  )
}
