'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Skeleton } from '@/ui/skeleton.tsx'

const LINE_TEXT = { MEASURED: 'lineMeasured', LIMIT: 'lineLimit', ASSUMED: 'lineAssumed' } as const

/** How long the move would take, as a range, and what that rests on. */
export function ForecastPanel({ siteId, vmIds, rateBytesPerSecond }: { siteId: string; vmIds: string[]; rateBytesPerSecond: number | null }) {
  const t = useTranslations('migrate.wizard.summary')
  const { durationRange, rate } = useFormats()
  const errorText = useErrorText()
  const forecast = useQuery(useTRPC().migrate.forecast.queryOptions({ siteId, vmIds, rateBytesPerSecond }))
  const found = forecast.data
  return (
    <section aria-labelledby="forecast" className="flex flex-col gap-3 rounded-lg border bg-sunken/50 p-4">
      <h3 id="forecast" className="text-sm font-semibold">{t('estimate')}</h3>
      {forecast.isPending && <Skeleton className="h-28 w-full" />}
      {forecast.isError && <Notice tone="danger" title={t('estimateFailed')}>{errorText(forecast.error)}</Notice>}
      {found && (
        <>
          <KeyValueList
            items={[
              { label: t('initialSync'), value: durationRange(found.replicationSeconds.p50, found.replicationSeconds.p90) },
              { label: t('downtime'), value: durationRange(found.cutoverSeconds.p50, found.cutoverSeconds.p90) },
              { label: t('churn'), value: rate(found.churnBytesPerSecond.p50) },
              { label: t('line'), value: t(LINE_TEXT[found.link.origin], { rate: rate(found.link.p50BytesPerSecond) }) },
            ]}
          />
          <p className="text-xs text-muted">{t('range')}</p>
          {!found.converges && <Notice tone="warning">{t('notConverging')}</Notice>}
          {found.observedIntervals === 0 && <p className="text-xs text-muted">{t('noSamples')}</p>}
        </>
      )}
    </section>
  )
}
