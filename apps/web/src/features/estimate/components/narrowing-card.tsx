'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { TimeChart } from '@/ui/charts/time-chart.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'

/** A moment of 24 is over once an hour in a day's observation, and every few seconds in a short one. */
const REFRESH_MS = 30_000

/** How the range of the time until identical narrowed while more was seen. */
export function NarrowingCard({ estimateId, live }: { estimateId: string; live: boolean }) {
  const t = useTranslations('estimate.narrowing')
  const { duration, durationRange } = useFormats()
  const query = useQuery(useTRPC().estimate.narrowing.queryOptions({ estimateId }, { refetchInterval: live ? REFRESH_MS : false }))
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} />
      <CardBody>
        <Loaded query={query}>
          {(moments) => {
            const points = moments.map(({ at, seconds }) => ({ atMs: at.getTime(), p50: seconds?.p50 ?? null, p90: seconds?.p90 ?? null }))
            const told = moments.flatMap(({ seconds }) => seconds ?? [])
            const [first, last] = [told[0], told.at(-1)]
            if (told.length < 2) return <p className="text-sm text-muted">{t('notYet')}</p>
            return (
              <>
                <TimeChart band durations label={t('title')} height={220} format={duration} points={points} series={[{ key: 'p50', label: t('p50'), color: 1 }, { key: 'p90', label: t('p90'), color: 3 }]} />
                <p className="mt-2 text-xs text-muted">{first && last && t('change', { first: durationRange(first.p50, first.p90), last: durationRange(last.p50, last.p90) })}</p>
              </>
            )
          }}
        </Loaded>
      </CardBody>
    </Card>
  )
}
