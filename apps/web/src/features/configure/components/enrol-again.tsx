'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Notice } from '@/ui/notice.tsx'
import type { Agent } from './configure-page.tsx'
import { EnrolmentToken } from './enrolment-token.tsx'

/** Makes a token with which this very agent is let in again, and shows it once. */
export function EnrolAgain({ agent, primary = false }: { agent: Agent; primary?: boolean }) {
  const t = useTranslations('configure.enrolAgain')
  const [open, setOpen] = useState(false)
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('title', { name: agent.name })} description={t('description')} className="max-w-2xl" trigger={<Button size="sm" variant={primary ? 'primary' : 'secondary'}>{t('action')}</Button>}>
      {open && <Again agent={agent} />}
    </Dialog>
  )
}

function Again({ agent }: { agent: Agent }) {
  const t = useTranslations('configure.enrolAgain')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const create = useMutation(trpc.configure.enrolAgain.mutationOptions({ onSettled: () => client.invalidateQueries({ queryKey: trpc.configure.sites.queryKey() }) }))
  if (create.data) return <EnrolmentToken made={create.data} source={agent.role === 'SOURCE'} hypervisor={agent.hypervisor?.kind ?? 'LAB'} />
  return (
    <div className="flex flex-col gap-4">
      {create.error && <Notice tone="danger">{errorText(create.error)}</Notice>}
      <ul className="flex list-disc flex-col gap-1 pl-5 text-sm">
        <li>{t('keeps')}</li>
        <li>{t('folder')}</li>
        <li>{t('former')}</li>
      </ul>
      {agent.trust === 'QUARANTINED' && <Notice tone="warning">{t('findOut')}</Notice>}
      <div className="flex justify-end"><Button variant="primary" busy={create.isPending} onClick={() => create.mutate({ agentId: agent.id })}>{t('create')}</Button></div>
    </div>
  )
}
