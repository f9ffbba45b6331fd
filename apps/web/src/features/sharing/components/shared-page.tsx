'use client'
import { useQuery } from '@tanstack/react-query'
import { useFormatter, useTranslations } from 'next-intl'
import { useTRPCClient } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useLinkToken } from '@/features/access/components/use-link-token.ts'
import { BrandMark } from '@/features/shell/components/brand-mark.tsx'
import { LanguageMenu } from '@/features/shell/components/language-menu.tsx'
import { ThemeMenu } from '@/features/shell/components/theme-menu.tsx'
import { MigrationPill } from '@/features/wave/components/migration-pill.tsx'
import { WavePill } from '@/features/wave/components/wave-pill.tsx'
import { waveState } from '@/features/wave/wave-state.ts'
import { BookingStatusPill } from '@/features/windows/components/booking-status-pill.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Progress } from '@/ui/progress.tsx'

type Shared = Outputs['sharing']['read']

/** People who look on do not need the second. */
const EVERY_MS = 15_000

/** Where a link to a wave leads: what it is, when, and how far; nothing can be done here. */
export function SharedPage({ brandName }: { brandName: string | null }) {
  const t = useTranslations('sharing')
  const shell = useTranslations('shell')
  const client = useTRPCClient()
  const errorText = useErrorText()
  const token = useLinkToken()
  const query = useQuery({ queryKey: ['shared', token], enabled: typeof token === 'string', queryFn: () => client.sharing.read.mutate({ token: token ?? '' }), refetchInterval: EVERY_MS, retry: false })
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-5 py-4"><BrandMark name={query.data?.providerName ?? brandName ?? shell('product')} /><div className="flex"><LanguageMenu /><ThemeMenu /></div></header>
      <main className="mx-auto flex w-full max-w-4xl flex-1 flex-col gap-6 px-4 pb-16">
        {query.data ? <SharedWave wave={query.data} /> : (
          <>
            <h1 className="text-xl font-semibold tracking-tight">{t('title')}</h1>
            {token === null && <Notice tone="warning">{t('missing')}</Notice>}
            {query.error && <Notice tone="danger">{errorText(query.error)}</Notice>}
            {token !== null && !query.error && <p role="status" className="text-sm text-muted">{t('reading')}</p>}
          </>
        )}
      </main>
      <footer className="px-5 py-4 text-center text-xs text-muted">{shell('poweredBy')}</footer>
    </div>
  )
}

function SharedWave({ wave }: { wave: Shared }) {
  const t = useTranslations('sharing')
  const formats = useFormats()
  const done = wave.vms.filter(({ status }) => status === 'COMPLETED').length
  return (
    <>
      <PageHeader title={wave.name} eyebrow={wave.tenantName} status={<WavePill state={waveState(wave.vms.map(({ status }) => status), wave.paused)} />} description={t('lead', { until: formats.dateTime(wave.expiresAt) })} />
      <SharedWindow wave={wave} />
      <Card>
        <CardHeader title={t('vms')} description={t('done', { done, all: wave.vms.length })} />
        <CardBody>
          <ul className="divide-y text-sm">
            {wave.vms.map((vm, index) => (
              <li key={`${vm.name} ${index}`} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
                <div className="min-w-0 flex-1 basis-48">
                  <p className="font-medium break-words">{vm.name}</p>
                  {vm.copiedShare !== null && (
                    <div className="mt-1.5 flex items-center gap-3"><Progress label={t('copied', { name: vm.name })} valueText={formats.percent(vm.copiedShare)} total={1} segments={[{ value: vm.copiedShare, className: 'bg-accent', label: formats.percent(vm.copiedShare) }]} /><span className="w-12 shrink-0 text-right text-xs text-muted tabular-nums">{formats.percent(vm.copiedShare)}</span></div>
                  )}
                </div>
                <MigrationPill status={vm.status} />
              </li>
            ))}
          </ul>
        </CardBody>
      </Card>
    </>
  )
}

/** The window by three clocks, each named: the reader's, the site's and UTC. */
function SharedWindow({ wave: { window, siteName, siteZone } }: { wave: Shared }) {
  const t = useTranslations('sharing')
  const format = useFormatter()
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const by = (timeZone: string) => (window === null ? '' : format.dateTimeRange(window.startsAt, window.endsAt, { timeZone, dateStyle: 'full', timeStyle: 'short' }))
  return (
    <Card>
      <CardHeader title={t('window')} description={siteName} actions={window && <BookingStatusPill status={window.status} />} />
      <CardBody>
        {window === null ? <p className="text-sm text-muted">{t('noWindow')}</p> : (
          <KeyValueList items={[
            { label: t('zones.yours', { zone }), value: by(zone) },
            ...(siteZone === null ? [] : [{ label: t('zones.sites', { zone: siteZone }), value: by(siteZone) }]),
            { label: t('zones.utc'), value: by('UTC') },
          ]} />
        )}
      </CardBody>
    </Card>
  )
}
