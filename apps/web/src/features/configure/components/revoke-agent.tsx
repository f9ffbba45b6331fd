'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Agent } from './configure-page.tsx'

/** Trusts an agent no more, for a reason, once it was said what stops then and what does not. */
export function RevokeAgent({ agent }: { agent: Agent }) {
  const t = useTranslations('configure.revoke')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const revoke = useMutation(trpc.configure.revokeAgent.mutationOptions({
    onSuccess: () => void toast.success(t('done', { name: agent.name })),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.configure.sites.queryKey() }),
  }))
  return (
    <ReasonDialog
      title={t('title', { name: agent.name })} description={t('description')} action={t('action')} confirm={t('confirm')} variant="danger"
      label={t('reason')} hint={t('reasonHint')} required busy={revoke.isPending} problem={revoke.error && errorText(revoke.error)}
      onSubmit={(reason) => revoke.mutateAsync({ agentId: agent.id, reason })}
    >
      <ul className="flex list-disc flex-col gap-1 pl-5 text-sm">
        <li>{t('stops')}</li>
        <li>{t(agent.role === 'SOURCE' ? 'guestsAtSource' : 'guestsAtTarget')}</li>
        <li>{t('after')}</li>
      </ul>
    </ReasonDialog>
  )
}
