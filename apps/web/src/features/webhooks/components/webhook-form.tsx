'use client'
import { WEBHOOK_EVENT_TYPES, WEBHOOK_FORMATS, WEBHOOK_LANGUAGES } from '@driftless/domain'
import type { WebhookEventType, WebhookFormat, WebhookLanguage } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Select } from '@/ui/select.tsx'
import { EventChoice } from './event-choice.tsx'

export type WebhookDraft = { name: string; url: string; eventTypes: WebhookEventType[]; format: WebhookFormat; language: WebhookLanguage }

/** What a person sets of a webhook. What the server refuses stands above the fields. */
export function WebhookForm({ draft, action, busy, error, onSubmit }: { draft: { name: string; url: string; eventTypes: readonly string[]; format: WebhookFormat; language: WebhookLanguage }; action: string; busy: boolean; error: unknown; onSubmit: (draft: WebhookDraft) => void }) {
  const t = useTranslations('webhooks.form')
  const shell = useTranslations('shell.languages')
  const errorText = useErrorText()
  const [name, setName] = useState(draft.name)
  const [url, setUrl] = useState(draft.url)
  const [format, setFormat] = useState(draft.format)
  const [language, setLanguage] = useState(draft.language)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(draft.eventTypes))
  const [asked, setAsked] = useState(false)
  const eventTypes = WEBHOOK_EVENT_TYPES.filter((type) => chosen.has(type))
  const wrong = { name: name.trim() === '', url: !/^https?:\/\/./i.test(url.trim()), events: eventTypes.length === 0 }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (!wrong.name && !wrong.url && !wrong.events) onSubmit({ name, url, eventTypes, format, language })
  }
  return (
    <form noValidate className="flex flex-col gap-5" onSubmit={submit}>
      {error !== null && <Notice tone="danger">{errorText(error)}</Notice>}
      <Field label={t('name')} hint={t('nameHint')} error={asked && wrong.name ? t('nameNeeded') : undefined}>{(control) => <Input {...control} value={name} maxLength={60} autoComplete="off" onChange={(event) => setName(event.target.value)} />}</Field>
      <Field label={t('url')} hint={t('urlHint')} error={asked && wrong.url ? t('urlNeeded') : undefined}>{(control) => <Input {...control} type="url" inputMode="url" value={url} maxLength={2_000} spellCheck={false} autoComplete="off" className="font-mono" onChange={(event) => setUrl(event.target.value)} />}</Field>
      <div className="grid gap-5 sm:grid-cols-2">
        <Field label={t('format')} hint={t(`formatHint.${format}`)}>{(control) => <Select {...control} value={format} onValueChange={(value) => { const found = WEBHOOK_FORMATS.find((one) => one === value); if (found) setFormat(found) }} options={WEBHOOK_FORMATS.map((value) => ({ value, label: t(`formats.${value}`) }))} />}</Field>
        {format !== 'STANDARD' && <Field label={t('language')}>{(control) => <Select {...control} value={language} onValueChange={(value) => { const found = WEBHOOK_LANGUAGES.find((one) => one === value); if (found) setLanguage(found) }} options={WEBHOOK_LANGUAGES.map((value) => ({ value, label: shell(value) }))} />}</Field>}
      </div>
      <EventChoice chosen={chosen} onChange={setChosen} error={asked && wrong.events ? t('eventsNeeded') : undefined} />
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={busy}>{action}</Button></div>
    </form>
  )
}
