'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Select } from '@/ui/select.tsx'
import type { Site } from './configure-page.tsx'
import { EnrolmentToken } from './enrolment-token.tsx'

/** Makes a token for a new agent at one of `sites` and shows it, once, with the command that uses it. */
export function EnrolAgent({ site, sites, primary = false }: { site?: Site; sites?: readonly Site[]; primary?: boolean }) {
  const t = useTranslations('configure.enrol')
  const [open, setOpen] = useState(false)
  const choice = site ? [site] : (sites ?? [])
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} className="max-w-2xl" trigger={<Button size={primary ? 'md' : 'sm'} variant={primary ? 'primary' : 'secondary'}>{t('title')}</Button>}>
      {open && <Enrolment sites={choice} />}
    </Dialog>
  )
}

function Enrolment({ sites }: { sites: readonly Site[] }) {
  const t = useTranslations('configure.enrol')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [siteId, setSiteId] = useState(sites[0]?.id ?? '')
  const create = useMutation(trpc.configure.createToken.mutationOptions({ onSettled: () => client.invalidateQueries({ queryKey: trpc.configure.sites.queryKey() }) }))
  if (create.data) return <EnrolmentToken made={create.data} source={sites.find((one) => one.id === siteId)?.kind === 'SOURCE'} />
  return (
    <div className="flex flex-col gap-4">
      {create.error && <Notice tone="danger">{errorText(create.error)}</Notice>}
      <Field label={t('site')} hint={t('siteHint')}>
        {(control) => <Select {...control} value={siteId} onValueChange={setSiteId} options={sites.map((site) => ({ value: site.id, label: site.name }))} />}
      </Field>
      <div className="flex justify-end"><Button variant="primary" busy={create.isPending} onClick={() => create.mutate({ siteId })}>{t('create')}</Button></div>
    </div>
  )
}
