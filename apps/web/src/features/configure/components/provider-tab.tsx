'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { accentVariables } from '@/ui/theme/accent.ts'
import { toast } from '@/ui/toaster.tsx'

/** The provider's own name and colour, on every page of its customers. */
export function ProviderTab() {
  const trpc = useTRPC()
  const query = useQuery(trpc.configure.branding.queryOptions())
  return <Loaded query={query}>{(branding) => <Form branding={branding} />}</Loaded>
}

function Form({ branding }: { branding: Outputs['configure']['branding'] }) {
  const t = useTranslations('configure.provider')
  const trpc = useTRPC()
  const client = useQueryClient()
  const router = useRouter()
  const errorText = useErrorText()
  const [name, setName] = useState(branding.name)
  const [color, setColor] = useState(branding.accentColor)
  const save = useMutation(trpc.configure.brand.mutationOptions({
    onSuccess: () => {
      toast.success(t('done'))
      router.refresh()
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.configure.branding.queryKey() }),
  }))
  const colorWrong = !/^#[0-9a-f]{6}$/i.test(color)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!colorWrong && name.trim() !== '') save.mutate({ name, accentColor: color })
  }
  return (
    <Card className="max-w-2xl">
      <CardHeader title={t('title')} description={t('description')} />
      <CardBody>
        <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
          {save.error && <Notice tone="danger">{errorText(save.error)}</Notice>}
          <Field label={t('name')} error={name.trim() === '' ? t('nameNeeded') : undefined}>{(control) => <Input {...control} value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />}</Field>
          <Field label={t('color')} hint={t('colorHint')} error={colorWrong ? t('colorWrong') : undefined}>
            {(control) => (
              <span className="flex items-center gap-2">
                <input type="color" aria-label={t('pick')} value={colorWrong ? branding.accentColor : color} onChange={(event) => setColor(event.target.value)} className="h-8.5 w-12 rounded-md border border-control bg-surface p-1" />
                <Input {...control} value={color} maxLength={7} spellCheck={false} className="w-32 font-mono" onChange={(event) => setColor(event.target.value)} />
              </span>
            )}
          </Field>
          <Preview color={colorWrong ? branding.accentColor : color} />
          <div className="flex justify-end"><Button type="submit" variant="primary" busy={save.isPending}>{t('save')}</Button></div>
        </form>
      </CardBody>
    </Card>
  )
}

/** The colour as both themes will show it: darkened or lightened as far as readable text needs. */
function Preview({ color }: { color: string }) {
  const t = useTranslations('configure.provider')
  const variables = accentVariables(color)
  return (
    <div className="flex flex-wrap gap-2" aria-label={t('preview')} role="group">
      {(['light', 'dark'] as const).map((theme) => (
        <span key={theme} className="rounded-md px-3 py-1.5 text-xs font-medium" style={{ background: variables[`--accent-${theme}`], color: variables[`--on-accent-${theme}`] }}>{t(theme)}</span>
      ))}
    </div>
  )
}
