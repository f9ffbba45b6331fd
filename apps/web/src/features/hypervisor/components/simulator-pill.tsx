'use client'
import type { LucideIcon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'

export type Platform = 'LAB' | 'QEMU' | 'VSPHERE'

/** Says honestly that something was tried against a simulator of the platform alone. */
export function SimulatorPill({ platform, icon }: { platform: Platform; icon?: LucideIcon }) {
  const t = useTranslations('hypervisor')
  return <Pill tone="warning" className="h-auto min-h-5.5 py-0.5 whitespace-normal" {...(icon ? { icon } : {})}>{t('simulator.label', { platform: t(`kinds.${platform}`) })}</Pill>
}
