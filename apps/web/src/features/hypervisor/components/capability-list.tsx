'use client'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import { SimulatorPill } from './simulator-pill.tsx'
import type { Platform } from './simulator-pill.tsx'
import { useNames } from './use-names.ts'

type Capability = { readonly name: string; readonly available: boolean; readonly verified: 'REAL' | 'SIMULATOR' }

/** What works with an agent's hypervisor, and how far that was seen to work. */
export function CapabilityList({ platform, capabilities }: { platform: Platform; capabilities: readonly Capability[] }) {
  const t = useTranslations('hypervisor.capabilities')
  const names = useNames()
  const told = capabilities.toSorted((a, b) => Number(b.available) - Number(a.available))
  return (
    <section aria-label={t('title')}>
      <h3 className="text-sm font-medium">{t('title')}</h3>
      <ul className="mt-2 divide-y text-sm">
        {told.map((one) => (
          <li key={one.name} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-1.5">
            <span className={one.available ? undefined : 'text-muted'}>{names.capability(one.name)}</span>
            {!one.available && <Pill>{t('unavailable')}</Pill>}
            {one.available && (one.verified === 'SIMULATOR' ? <SimulatorPill platform={platform} /> : <Pill tone="success">{t('verified')}</Pill>)}
          </li>
        ))}
      </ul>
    </section>
  )
}
