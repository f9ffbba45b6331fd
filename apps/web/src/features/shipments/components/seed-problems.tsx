'use client'
import type { SeedProblem } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import type { Shipment, ShipmentVm } from '../shipment-types.ts'

type Side = 'exported' | 'imported'

/** What an agent cannot go on with by itself, once a kind, with what to do; both sides see it. `action`: for whoever can act. */
export function SeedProblems({ shipment, side, action }: { shipment: Shipment; side: Side; action: ReactNode }) {
  const t = useTranslations('shipments.problems')
  const { list } = useFormats()
  const told = new Map<string, { problem: NonNullable<ShipmentVm[Side]['problem']>; names: string[] }>()
  for (const vm of shipment.vms) {
    const { problem } = vm[side]
    if (problem === null) continue
    const key = problem.known ?? problem.message
    told.set(key, { problem, names: [...(told.get(key)?.names ?? []), vm.name] })
  }
  return [...told].map(([key, { problem, names }]) => (
    <Notice key={key} tone="danger" title={t('of', { title: titleOf(t, problem.known), names: list(names) })} actions={action}>
      {problem.known !== null && <span className="block">{t(`${problem.known}.${side}`)}</span>}
      <span className="mt-1 block text-xs break-words">{t('said', { message: problem.message })}</span>
    </Notice>
  ))
}

function titleOf(t: ReturnType<typeof useTranslations<'shipments.problems'>>, known: SeedProblem | null): string {
  return known === null ? t('other') : t(`${known}.title`)
}
