'use client'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'

type State = 'INSTALLED' | 'INSTALLING' | 'UNINSTALLING' | 'UPGRADING' | 'FAILED'
type Filter = { readonly cluster: string; readonly name: string; readonly version: string; readonly state: State }

const TONES: Readonly<Record<State, Tone>> = { INSTALLED: 'success', INSTALLING: 'info', UNINSTALLING: 'info', UPGRADING: 'info', FAILED: 'danger' }

/** The IO filters on a vCenter's clusters, cluster by cluster. */
export function InstalledFilters({ filters }: { filters: readonly Filter[] }) {
  const t = useTranslations('hypervisor.filters')
  const clusters = [...Map.groupBy(filters, ({ cluster }) => cluster)]
  return (
    <section aria-label={t('title')}>
      <h3 className="text-sm font-medium">{t('title')}</h3>
      {clusters.length === 0 && <p className="mt-1 text-sm text-muted">{t('none')}</p>}
      <dl className="mt-2 divide-y text-sm">
        {clusters.map(([cluster, here]) => (
          <div key={cluster} className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 py-1.5">
            <dt className="text-muted">{cluster}</dt>
            <dd className="flex flex-col items-end gap-1">
              {here.map((filter) => (
                <span key={`${filter.name} ${filter.version}`} className="flex flex-wrap items-center justify-end gap-2">
                  <span className="font-medium">{t('entry', { name: filter.name, version: filter.version })}</span>
                  <Pill tone={TONES[filter.state]}>{t(`states.${filter.state}`)}</Pill>
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
