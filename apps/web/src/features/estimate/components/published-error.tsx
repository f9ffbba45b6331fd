'use client'
import { OUTCOME_QUANTITIES } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { useFormats } from '@/ui/format/use-formats.ts'

export type SiteError = Pick<Outputs['estimate']['errors'][number], 'errors' | 'disturbed' | 'correction'>

function useShare() {
  const { percent, number } = useFormats()
  return { percent, number, share: (value: number | null, digits = 0) => (value === null ? '–' : percent(value, digits)) }
}

/** How right earlier estimates of a site were, in a sentence or two; said as well where there is nothing to say yet. */
export function PublishedErrorLine({ error }: { error: SiteError | null }) {
  const t = useTranslations('estimate.error')
  const { share } = useShare()
  const copy = error?.errors.TIME_TO_IDENTICAL ?? null
  return (
    <p className="text-xs text-muted">
      {copy === null ? t('none') : t('line', { moves: copy.n, median: share(copy.medianError, 1), held: share(copy.p90Held) })}
      {error?.correction && ` ${t('corrected')}`}
    </p>
  )
}

/** The published error of a site's estimates, quantity by quantity, and what it does to the next ones. */
export function PublishedError({ error }: { error: SiteError | null }) {
  const t = useTranslations('estimate.error')
  const { percent, number, share } = useShare()
  const rows = OUTCOME_QUANTITIES.flatMap((quantity) => { const found = error?.errors[quantity]; return found ? [{ quantity, ...found }] : [] })
  return (
    <div className="flex flex-col gap-3">
      {rows.length === 0 ? <p className="text-sm text-muted">{t('none')}</p> : (
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={t('title')}>
          <table className="w-full text-sm">
            <thead>
              <tr className="text-xs text-muted">
                <th scope="col" className="py-1.5 pr-3 text-left font-medium">{t('quantity')}</th>
                <th scope="col" className="px-3 py-1.5 text-right font-medium">{t('moves')}</th>
                <th scope="col" className="px-3 py-1.5 text-right font-medium">{t('median')}</th>
                <th scope="col" className="px-3 py-1.5 text-right font-medium">{t('p90')}</th>
                <th scope="col" className="py-1.5 pl-3 text-right font-medium">{t('held')}</th>
              </tr>
            </thead>
            <tbody className="divide-y border-t">
              {rows.map(({ quantity, n, medianError, p90Error, p90Held }) => (
                <tr key={quantity}>
                  <th scope="row" className="py-2 pr-3 text-left font-normal text-muted">{t(`quantities.${quantity}`)}</th>
                  <td className="px-3 py-2 text-right tabular-nums">{number(n)}</td>
                  <td className="px-3 py-2 text-right font-medium tabular-nums">{share(medianError, 1)}</td>
                  <td className="px-3 py-2 text-right tabular-nums">{share(p90Error, 1)}</td>
                  <td className="py-2 pl-3 text-right tabular-nums">{share(p90Held)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="flex flex-col gap-1 text-xs text-muted">
        {rows.length > 0 && <p>{t('explained')}</p>}
        {error !== null && error.disturbed > 0 && <p>{t('disturbed', { count: error.disturbed })}</p>}
        {error?.correction && <p>{t('correction', { p50: percent(error.correction.p50Factor), p90: percent(error.correction.p90Factor) })}</p>}
      </div>
    </div>
  )
}
