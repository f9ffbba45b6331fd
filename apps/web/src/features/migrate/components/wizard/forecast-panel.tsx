'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { PublishedErrorLine } from '@/features/estimate/components/published-error.tsx'
import { useRanges } from '@/features/estimate/components/use-ranges.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Skeleton } from '@/ui/skeleton.tsx'

const LINE_TEXT = { MEASURED: 'lineMeasured', PROBED: 'lineProbed', LIMIT: 'lineLimit', ASSUMED: 'lineAssumed' } as const

/** How long the move would take, as a range, in which free window it would fit, what that rests on, and how right such estimates were. */
export function ForecastPanel({ siteId, vmIds, rateBytesPerSecond, targetSiteId, parallelCutovers }: { siteId: string; vmIds: string[]; rateBytesPerSecond: number | null; targetSiteId: string; parallelCutovers: number }) {
  const t = useTranslations('migrate.wizard.summary')
  const { durationRange, duration, dateTimeRange, percent } = useFormats()
  const rate = useBitRate()
  const ranges = useRanges()
  const errorText = useErrorText()
  const forecast = useQuery(useTRPC().migrate.forecast.queryOptions({ siteId, vmIds, rateBytesPerSecond, targetSiteId, parallelCutovers }))
  const found = forecast.data
  return (
    <section aria-labelledby="forecast" className="flex flex-col gap-3 rounded-lg border bg-sunken/50 p-4">
      <h3 id="forecast" className="text-sm font-semibold">{t('estimate')}</h3>
      {forecast.isPending && <Skeleton className="h-28 w-full" />}
      {forecast.isError && <Notice tone="danger" title={t('estimateFailed')}>{errorText(forecast.error)}</Notice>}
      {found && (
        <>
          {!found.enough && <Notice>{found.identicalSeconds.p50 === null ? t('noSamples') : t('notEnough', { least: duration(found.identicalSeconds.p50) })}</Notice>}
          <KeyValueList
            items={[
              ...(found.enough ? [
                { label: t('initialSync'), value: durationRange(found.identicalSeconds.p50, found.identicalSeconds.p90) },
                { label: t('wire'), value: ranges.bytes(found.wireBytes) },
              ] : []),
              { label: t('downtime'), value: durationRange(found.longestCutoverSeconds.p50, found.longestCutoverSeconds.p90) },
              ...(found.enough && found.best !== null && found.best.chance > 0 ? [{ label: t('best'), value: t('bestValue', { time: dateTimeRange(found.best.fromMs, found.best.toMs), chance: percent(found.best.chance) }) }] : []),
              { label: t('line'), value: t(LINE_TEXT[found.link.origin], { rate: rate(found.link.p50BytesPerSecond) }) },
              ...(found.targetBytesPerSecond !== null && found.targetBytesPerSecond < found.link.p50BytesPerSecond ? [{ label: t('target'), value: t('targetValue', { rate: rate(found.targetBytesPerSecond) }) }] : []),
            ]}
          />
          <p className="text-xs text-muted">{t('range')}</p>
          {found.enough && !found.converges && <Notice tone="warning">{t('notConverging')}</Notice>}
          <PublishedErrorLine error={found.error} />
        </>
      )}
    </section>
  )
}
