'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog, DialogClose } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Textarea } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Agent } from './configure-page.tsx'

/** Trusts an agent no more, for a reason, once it was said what stops then and what does not. */
export function RevokeAgent({ agent }: { agent: Agent }) {
  const t = useTranslations('configure.revoke')
  const ui = useTranslations('ui')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const [asked, setAsked] = useState(false)
  const revoke = useMutation(trpc.configure.revokeAgent.mutationOptions({
    onSuccess: () => {
      setOpen(false)
      toast.success(t('done', { name: agent.name }))
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.configure.sites.queryKey() }),
  }))
  const missing = reason.trim() === ''
  const submit = () => {
    setAsked(true)
    if (!missing) revoke.mutate({ agentId: agent.id, reason })
  }
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={t('title', { name: agent.name })} description={t('description')}
      trigger={<Button size="sm" variant="danger">{t('action')}</Button>}
      footer={(
        <>
          <DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose>
          <Button variant="danger" busy={revoke.isPending} onClick={submit}>{t('confirm')}</Button>
        </>
      )}
    >
      <div className="flex flex-col gap-4">
        {revoke.error && <Notice tone="danger">{errorText(revoke.error)}</Notice>}
        <ul className="flex list-disc flex-col gap-1 pl-5 text-sm">
          <li>{t('stops')}</li>
          <li>{t(agent.role === 'SOURCE' ? 'guestsAtSource' : 'guestsAtTarget')}</li>
          <li>{t('after')}</li>
        </ul>
        <Field label={t('reason')} hint={t('reasonHint')} error={asked && missing ? t('reasonHint') : undefined}>
          {(control) => <Textarea {...control} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />}
        </Field>
      </div>
    </Dialog>
  )
}
