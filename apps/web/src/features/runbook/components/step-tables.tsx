'use client'
import { Check, Circle, LoaderCircle, Minus } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'
import type { Book, BookEntry } from '../runbook-types.ts'

const ICONS: Readonly<Record<BookEntry['steps'][number]['state'], LucideIcon>> = { AHEAD: Circle, NOW: LoaderCircle, DONE: Check, SKIPPED: Minus }
const TONES: Readonly<Record<BookEntry['state'], Tone>> = { AHEAD: 'neutral', RUNNING: 'accent', DONE: 'success', WENT_BACK: 'warning' }

/** A step is known to be over when the agents have said so: no step is late for that. */
const HEARD_SECONDS = 5

/** Each VM's steps: what they are planned to take, what they took, and until when each can still be taken back. */
export function StepTables({ book }: { book: Book }) {
  return <>{book.entries.map((entry) => <StepTable key={entry.id} entry={entry} />)}</>
}

function StepTable({ entry }: { entry: BookEntry }) {
  const t = useTranslations('runbook.steps')
  const states = useTranslations('states.cutover')
  const { duration, durationRange, timeSeconds } = useFormats()
  return (
    <Card>
      <CardHeader title={t('title', { name: entry.name })} actions={<Pill tone={TONES[entry.state]} pulse={entry.state === 'RUNNING'}>{t(`state.${entry.state}`)}</Pill>} />
      <CardBody className="overflow-x-auto" tabIndex={0} role="region" aria-label={t('title', { name: entry.name })}>
        <table className="w-full min-w-xl text-sm">
          <thead className="text-left text-xs text-muted">
            <tr>{(['step', 'begins', 'planned', 'took', 'goesBack'] as const).map((column) => <th key={column} scope="col" className="pr-4 pb-2 font-medium last:pr-0">{t(column)}</th>)}</tr>
          </thead>
          <tbody className="tabular-nums">
            {entry.steps.map(({ step, state, startsAtMs, planned, tookSeconds, goesBackAtMs }) => {
              const Icon = ICONS[state]
              const late = tookSeconds !== null && tookSeconds > planned.p90 + HEARD_SECONDS
              return (
                <tr key={step} aria-current={state === 'NOW' ? 'step' : undefined} className="border-t">
                  <th scope="row" className="py-2 pr-4 text-left font-medium"><span className="inline-flex items-center gap-2"><Icon aria-hidden className={cn('size-3.5 shrink-0', state === 'DONE' && 'text-success', state === 'NOW' && 'animate-spin text-accent')} />{states(step)}</span></th>
                  <td className="py-2 pr-4">{state === 'SKIPPED' ? t('notReached') : timeSeconds(startsAtMs)}</td>
                  <td className="py-2 pr-4">{durationRange(planned.p50, planned.p90)}</td>
                  <td className={cn('py-2 pr-4', late && 'text-warning')}>{tookSeconds === null ? '–' : duration(tookSeconds)}{late && <span className="ml-1 text-xs">{t('late')}</span>}</td>
                  <td className="py-2">{state === 'AHEAD' || state === 'NOW' ? timeSeconds(goesBackAtMs) : '–'}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
        {entry.poweredOff !== null && <p className="mt-3 text-sm text-warning">{t('poweredOff', { at: timeSeconds(entry.poweredOff.atMs), by: entry.poweredOff.by })}</p>}
      </CardBody>
    </Card>
  )
}
