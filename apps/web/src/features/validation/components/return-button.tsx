'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { useWaveAction } from '@/features/wave/components/use-wave-action.ts'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'

/** Sends a VM home; says first what comes with it and what is lost. `lostSince`: since when its writes would be lost; null: none are. */
export function ReturnButton({ migrationId, name, lostSince }: { migrationId: string; name: string; lostSince: string | null }) {
  const t = useTranslations('validation.return')
  const errorText = useErrorText()
  const action = useWaveAction()
  const [typed, setTyped] = useState('')
  const send = useMutation(useTRPC().validation.returnVm.mutationOptions({ onSuccess: () => action.done(t('begun', { name })) }))
  if (!useMay('request-cutover')) return null
  return (
    <ReasonDialog
      title={t('title', { name })} description={t('description')} action={t('action')} confirm={t('action')} variant="danger" label={t('reason')} hint={t('reasonHint')} required busy={send.isPending}
      problem={send.error ? errorText(send.error) : null}
      onSubmit={(reason) => send.mutateAsync({ migrationId, reason, confirmedName: lostSince === null ? null : typed })}
    >
      <Notice tone={lostSince === null ? 'info' : 'danger'}>{lostSince === null ? t('kept') : t('lost', { since: lostSince })}</Notice>
      {lostSince !== null && <Field label={t('typeName', { name })}>{(control) => <Input {...control} value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />}</Field>}
    </ReasonDialog>
  )
}
