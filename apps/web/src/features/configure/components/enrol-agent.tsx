'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { Dialog, DialogClose } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { Select } from '@/ui/select.tsx'
import type { Site } from './configure-page.tsx'
import { enrolmentCommand } from './enrolment-command.ts'

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
  if (create.data) return <Token made={create.data} source={sites.find((one) => one.id === siteId)?.kind === 'SOURCE'} />
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

function Token({ made, source }: { made: Outputs['configure']['createToken']; source: boolean }) {
  const t = useTranslations('configure.enrol')
  const formats = useFormats()
  return (
    <div className="flex flex-col gap-4">
      <Notice tone="warning" title={t('onceTitle')}>{t('once', { at: formats.dateTime(made.expiresAt) })}</Notice>
      <CopyBox label={t('token')} text={made.token} copy={t('copy')} copied={t('copied')} />
      <CopyBox label={t('command')} text={enrolmentCommand(made, source)} copy={t('copyCommand')} copied={t('copied')} />
      <p className="text-xs text-muted">{t(source ? 'runAtSource' : 'runAtTarget', { site: made.siteName })}</p>
      <div className="flex justify-end"><DialogClose asChild><Button>{t('done')}</Button></DialogClose></div>
    </div>
  )
}
