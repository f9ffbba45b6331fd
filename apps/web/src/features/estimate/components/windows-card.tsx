'use client'
import type { WaveForecast } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Pill } from '@/ui/pill.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { Reading } from './estimate-detail-page.tsx'

/** Safe to book, worth a thought, and not. */
export const chanceTone = (chance: number) => (chance >= 0.9 ? 'success' : chance >= 0.5 ? 'warning' : 'danger')

/** The chance that all copies and cutovers fit each of the windows ahead: booked ones, and free slots. */
export function WindowsCard({ reading, forecast }: { reading: Reading; forecast: WaveForecast }) {
  const t = useTranslations('estimate.windows')
  const formats = useFormats()
  const best = forecast.bestWindow
  const rows = forecast.windows.flatMap((window, index) => { const known = reading.windows[index]; return known ? [{ ...known, id: String(index), chance: window.chance, best: best !== null && window.chance > 0 && window.fromMs === best.fromMs && window.toMs === best.toMs }] : [] })
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} className="pb-3" />
      {rows.length === 0 ? <CardBody className="pt-0"><p className="text-sm text-muted">{t('none')}</p></CardBody> : (
        <DataTable
          label={t('title')} rows={rows} rowId={(row) => row.id} initialSort={{ id: 'time', desc: false }}
          columns={[
            { id: 'time', header: t('time'), value: (row) => row.fromMs, cell: (row) => <span className="flex flex-wrap items-center gap-2"><span>{formats.dateTimeRange(row.fromMs, row.toMs)}</span>{row.booked && <Pill tone="accent">{t('booked', { wave: row.waveName ?? '' })}</Pill>}{row.best && <Pill tone="success">{t('best')}</Pill>}</span>, searchable: false },
            { id: 'site', header: t('site'), value: (row) => row.targetSiteName, className: 'whitespace-nowrap', hideBelow: 'lg' },
            { id: 'chance', header: t('chance'), value: (row) => row.chance, cell: (row) => (forecast.enough ? <Pill tone={chanceTone(row.chance)}>{formats.percent(row.chance)}</Pill> : '–'), align: 'end', searchable: false },
          ]}
        />
      )}
    </Card>
  )
}
