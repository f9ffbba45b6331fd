'use client'
import { useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { CategoryChart } from '@/ui/charts/category-chart.tsx'
import { TimeChart } from '@/ui/charts/time-chart.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Pill } from '@/ui/pill.tsx'
import { churnPoints, joinedContent, joinedCurve, joinedGaps } from '../view/observed.ts'
import type { Reading } from './estimate-detail-page.tsx'

/** What was seen: the writes over time with their gaps, the working-set curve, what the disks hold, and how all that is known. */
export function ObservedCards({ reading }: { reading: Reading }) {
  const t = useTranslations('estimate.observed')
  const formats = useFormats()
  const gaps = joinedGaps(reading.gaps)
  const curve = joinedCurve(reading.workingSets)
  const minute = reading.minuteSeconds
  return (
    <div className="grid gap-6 xl:grid-cols-2">
      <Card className="xl:col-span-2">
        <CardHeader title={t('churn')} description={t('churnDescription')} />
        <CardBody>
          <TimeChart label={t('churn')} height={180} binary format={formats.rate} gaps={gaps} series={[{ key: 'bytesPerSecond', label: t('churnSeries'), color: 1 }]} points={churnPoints(reading.input.vms)} />
          {gaps.length > 0 && <p className="mt-2 text-xs text-muted">{t('gaps', { count: gaps.length, total: formats.duration(gaps.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1000, 0)) })}</p>}
        </CardBody>
      </Card>
      <Card>
        <CardHeader title={t('workingSet')} description={t('workingSetDescription')} />
        <CardBody>
          <CategoryChart
            label={t('workingSet')} head={t('span')} binary format={formats.bytes} series={[{ key: 'median', label: t('median'), color: 1 }, { key: 'most', label: t('most'), color: 3 }]}
            points={curve.map(({ minutes, medianBytes, mostBytes }) => ({ label: formats.duration(minutes * minute), median: medianBytes, most: mostBytes }))}
          />
        </CardBody>
      </Card>
      <HowSeen reading={reading} />
    </div>
  )
}

const TONES = { FILTER: 'success', CHANGED_BLOCKS: 'info', COUNTERS: 'warning', SAMPLES: 'info' } as const
/** Best first. */
const SOURCES = ['FILTER', 'CHANGED_BLOCKS', 'COUNTERS', 'SAMPLES'] as const

function HowSeen({ reading }: { reading: Reading }) {
  const t = useTranslations('estimate.observed')
  const formats = useFormats()
  const content = joinedContent(reading.contents)
  const sources = SOURCES.map((source) => ({ source, vms: reading.vms.filter((vm) => vm.source === source).length })).filter(({ vms }) => vms > 0)
  const share = (part: number) => (content === null || content.allocatedBytes <= 0 ? formats.bytes(part) : t('part', { bytes: formats.bytes(part), share: formats.percent(part / content.allocatedBytes) }))
  const sampled = Math.max(0, ...reading.vms.map(({ seen }) => seen?.blocksPerStamp ?? 0))
  return (
    <Card>
      <CardHeader title={t('how')} description={t('howDescription')} actions={sources.map(({ source }) => <Pill key={source} tone={TONES[source]}>{t(`sources.${source}`)}</Pill>)} />
      <CardBody className="flex flex-col gap-4">
        <div className="flex flex-col gap-1 text-sm">
          {sources.length === 0 && <p className="text-muted">{t('notSeen')}</p>}
          {sources.map(({ source, vms }) => <p key={source}><span className="text-muted">{t('vms', { count: vms })}</span> {t(`meaning.${source}`)}</p>)}
          {sampled > 1 && <p className="text-muted">{t('sampled', { blocks: sampled })}</p>}
        </div>
        {content === null ? <p className="text-sm text-muted">{t('noContent')}</p> : (
          <>
            <KeyValueList items={[
              { label: t('allocated'), value: formats.bytes(content.allocatedBytes) },
              { label: t('zero'), value: share(content.zeroBytes) },
              { label: t('saved'), value: share(content.savedBytes) },
              { label: t('sent'), value: share(content.wireBytes) },
            ]} />
            <p className="text-xs text-muted">{t('contentFrom', { blocks: formats.number(content.sampledBlocks), vms: content.vms, all: reading.vms.length })}</p>
          </>
        )}
      </CardBody>
    </Card>
  )
}
