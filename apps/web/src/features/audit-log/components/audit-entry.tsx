'use client'
import { ChevronRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Outputs } from '@/client/trpc.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { cn } from '@/ui/cn.ts'
import { SUBJECT_KINDS } from '../filters.ts'
import { useActionKey } from './use-action-name.ts'
import { useValueText } from './use-value-text.ts'

export type Entry = Outputs['auditLog']['page']['entries'][number]

/** One entry: time, a sentence, and on demand everything that was written down. */
export function AuditEntry({ entry, staff }: { entry: Entry; staff: boolean }) {
  const t = useTranslations('auditLog')
  const formats = useFormats()
  const [open, setOpen] = useState(false)
  return (
    <li>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex w-full items-start gap-3 px-5 py-2.5 text-left hover:bg-sunken/60">
        <time dateTime={entry.at.toISOString()} className="w-19 shrink-0 pt-0.5 text-xs whitespace-nowrap text-muted tabular-nums">{formats.timeSeconds(entry.at)}</time>
        <span className="min-w-0 flex-1 text-sm break-words">
          <Sentence entry={entry} />
          {staff && entry.tenantName !== null && <span className="text-muted"> · {entry.tenantName}</span>}
        </span>
        <span className="sr-only">{t('details')}</span>
        <ChevronRight className={cn('mt-0.5 size-4 shrink-0 text-muted transition-transform', open && 'rotate-90')} aria-hidden />
      </button>
      {open && <Details entry={entry} />}
    </li>
  )
}

function Sentence({ entry }: { entry: Entry }) {
  const t = useTranslations('auditLog')
  const keyOf = useActionKey()
  const text = useValueText()
  const key = keyOf(entry.action)
  const actor = entry.actorKind === 'COORDINATOR' || entry.actorKind === 'SYSTEM' ? t('driftless') : entry.actorKind === 'AGENT' ? t('agent', { name: entry.actorName }) : entry.actorName
  const values = {
    actor, action: entry.action, subject: entry.subjectName,
    before: text(entry, entry.before), after: text(entry, entry.after),
    b: (parts: ReactNode) => <strong className="font-semibold">{parts}</strong>,
  }
  return (
    <>
      {key === null ? t.rich('unknown', values) : t.rich(`sentences.${key}`, values)}
      {entry.reason !== null && <span className="text-muted"> {t('because', { reason: entry.reason })}</span>}
    </>
  )
}

function Details({ entry }: { entry: Entry }) {
  const t = useTranslations('auditLog')
  const kinds = useTranslations('auditLog.kinds')
  const formats = useFormats()
  const text = useValueText()
  const kind = SUBJECT_KINDS.find((one) => one === entry.subjectKind)
  const items = [
    { label: t('fields.at'), value: formats.dateTimeSeconds(entry.at) },
    { label: t('fields.actor'), value: entry.actorName },
    ...(entry.address === null ? [] : [{ label: t('fields.address'), value: <code className="font-mono text-xs">{entry.address}</code> }]),
    { label: t('fields.action'), value: <code className="font-mono text-xs">{entry.action}</code> },
    { label: t('fields.subject'), value: kind === undefined ? entry.subjectName : `${kinds(kind)}: ${entry.subjectName}` },
    { label: t('fields.id'), value: <code className="font-mono text-xs break-all">{entry.subjectId}</code> },
    ...(entry.before === null ? [] : [{ label: t('fields.before'), value: text(entry, entry.before) }]),
    ...(entry.after === null ? [] : [{ label: t('fields.after'), value: text(entry, entry.after) }]),
    ...(entry.reason === null ? [] : [{ label: t('fields.reason'), value: entry.reason }]),
    ...Object.entries(entry.detail ?? {}).map(([label, value]) => ({ label, value: shown(value) })),
    { label: t('fields.number'), value: formats.number(entry.sequence) },
    { label: t('fields.hash'), value: <code className="font-mono text-xs break-all">{entry.hash}</code> },
  ]
  return (
    <div className="border-t bg-sunken/40 px-5 py-3 sm:pl-27">
      <KeyValueList items={items} className="max-w-2xl" />
      <p className="mt-3 flex flex-wrap gap-4 text-xs">
        {kind === 'wave' && <Link className="text-accent hover:underline" href={`/waves/${entry.subjectId}`}>{t('openWave')}</Link>}
        {kind === 'shipment' && <Link className="text-accent hover:underline" href={`/shipments/${entry.subjectId}`}>{t('openShipment')}</Link>}
        {kind === 'estimate' && <Link className="text-accent hover:underline" href={`/estimate/${entry.subjectId}`}>{t('openEstimate')}</Link>}
        <Link className="text-accent hover:underline" href={`/audit-log?subject=${encodeURIComponent(entry.subjectId)}`}>{t('allOfSubject')}</Link>
      </p>
    </div>
  )
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value)
}
