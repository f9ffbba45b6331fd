'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Site } from './configure-page.tsx'

/** Lines are sold in Mbit/s. */
const BYTES_PER_SECOND_A_MBIT = 125_000

/** Changes what all waves of a site may send together; an empty field takes the limit away. */
export function EditLimit({ site }: { site: Site }) {
  const t = useTranslations('configure.limit')
  const [open, setOpen] = useState(false)
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('title', { site: site.name })} description={t('description')} trigger={<Button size="sm" aria-label={t('changeOf', { site: site.name })}>{t('change')}</Button>}>
      {open && <Form site={site} onDone={() => setOpen(false)} />}
    </Dialog>
  )
}

function Form({ site, onDone }: { site: Site; onDone: () => void }) {
  const t = useTranslations('configure.limit')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [mbits, setMbits] = useState(site.limitBytesPerSecond === null ? '' : String(site.limitBytesPerSecond / BYTES_PER_SECOND_A_MBIT))
  const [asked, setAsked] = useState(false)
  const limit = useMutation(trpc.configure.limitSite.mutationOptions({
    onSuccess: () => {
      toast.success(t('done', { site: site.name }))
      onDone()
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.configure.sites.queryKey() }),
  }))
  const value = mbits.trim() === '' ? null : Number(mbits)
  const wrong = value !== null && !(value > 0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (!wrong) limit.mutate({ siteId: site.id, bytesPerSecond: value === null ? null : Math.round(value * BYTES_PER_SECOND_A_MBIT) })
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {limit.error && <Notice tone="danger">{errorText(limit.error)}</Notice>}
      <Field label={t('field')} hint={t('hint')} error={asked && wrong ? t('wrong') : undefined}>
        {(control) => <Input {...control} type="number" inputMode="decimal" min={0} step="any" value={mbits} placeholder={t('none')} onChange={(event) => setMbits(event.target.value)} className="w-48" />}
      </Field>
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={limit.isPending}>{t('save')}</Button></div>
    </form>
  )
}
