'use client'
import { Camera, Filter, PackageCheck, PowerOff, RefreshCw } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { SimulatorLabel } from '@/features/hypervisor/components/simulator-label.tsx'
import { CardBody } from '@/ui/card.tsx'
import { ChoiceCards } from '@/ui/choice-cards.tsx'
import { Pill } from '@/ui/pill.tsx'

/** What planning depends on of the chosen VMs' site; undefined: its agent has not said. */
export type Source = Outputs['migrate']['sources'][number] | undefined

const LIVE = { key: 'live', icon: Filter, available: true } as const
/** Where no write is seen as it happens: the nearest to it, and snapshots that would be no different. */
const ROUNDS = { key: 'rounds', icon: RefreshCw, available: true } as const
/** No type of a wave but of each of its VMs: where it is chosen is said here, for who looks for it. */
const BY_DEVICE = { key: 'seeded', icon: PackageCheck, available: false, badge: 'lastStep' } as const
const COLD = { key: 'cold', icon: PowerOff, available: false, badge: 'soon' } as const
const SNAPSHOT = { key: 'snapshot', icon: Camera, available: false, badge: 'soon' } as const

/** One type there is; the others are named so that nobody looks for them in vain. */
export function TypeStep({ source }: { source: Source }) {
  const t = useTranslations('migrate.wizard.type')
  const inRounds = source?.inRounds === true
  const now = inRounds ? ROUNDS : LIVE
  const types = [now, BY_DEVICE, COLD, ...(inRounds ? [] : [SNAPSHOT])]
  return (
    <CardBody className="flex flex-col items-start gap-4">
      <ChoiceCards
        label={t('label')} value={now.key} onValueChange={() => {}}
        choices={types.map((type) => ({ value: type.key, icon: type.icon, title: t(`${type.key}.title`), description: t(`${type.key}.description`), disabled: !type.available, ...(type.available ? {} : { badge: <Pill>{t(type.badge)}</Pill> }) }))}
      />
      {source?.simulated === true && <SimulatorLabel platform={source.kind} />}
    </CardBody>
  )
}
