'use client'
import type { PlanChange } from '@driftless/domain'
import { ArrowRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { usePlanWords } from './use-plan-words.ts'

/** More than this nobody compares line by line. */
const MOST_SHOWN = 50

/** What differs between the plan that somebody saw and the present one, beside each other. */
export function PlanChanges({ changes }: { changes: readonly PlanChange[] }) {
  const t = useTranslations('plan.diff')
  const words = usePlanWords()
  return (
    <section className="text-xs" aria-label={t('title')}>
      <h4 className="font-medium">{t('title')}</h4>
      <dl className="mt-1 divide-y">
        {changes.slice(0, MOST_SHOWN).map((change) => (
          <div key={`${change.vm ?? ''} ${change.field} ${change.disk ?? ''} ${String(change.before)}`} className="flex flex-wrap items-baseline justify-between gap-x-4 py-1">
            <dt className="text-foreground/80">{words.field(change)}</dt>
            <dd className="min-w-0 text-right tabular-nums break-words">
              <del><span className="sr-only">{t('before')} </span>{words.value(change.field, change.before)}</del>
              <ArrowRight className="mx-1.5 inline size-3" aria-hidden />
              <ins className="font-medium no-underline"><span className="sr-only">{t('after')} </span>{words.value(change.field, change.after)}</ins>
            </dd>
          </div>
        ))}
      </dl>
      {changes.length > MOST_SHOWN && <p className="mt-1">{t('more', { count: changes.length - MOST_SHOWN })}</p>}
    </section>
  )
}
