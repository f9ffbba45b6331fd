'use client'
import { FlaskConical } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Tooltip } from '@/ui/tooltip.tsx'
import { SimulatorPill } from './simulator-pill.tsx'
import type { Platform } from './simulator-pill.tsx'

/** The same label where people come to rely on such things: once a page, with the way to the list of them. */
export function SimulatorLabel({ platform }: { platform: Platform }) {
  const t = useTranslations('hypervisor.simulator')
  return <Tooltip content={t('why')}><Link href="/configure?tab=agents" className="rounded-full"><SimulatorPill platform={platform} icon={FlaskConical} /></Link></Tooltip>
}
