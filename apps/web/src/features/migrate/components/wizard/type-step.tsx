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
const LATER = [
  { key: 'seeded', icon: PackageCheck, available: false },
  { key: 'cold', icon: PowerOff, available: false },
] as const
const SNAPSHOT = { key: 'snapshot', icon: Camera, available: false } as const

/** One type there is; the others are named so that nobody looks for them in vain. */
export function TypeStep({ source }: { source: Source }) {
  const t = useTranslations('migrate.wizard.type')
  const inRounds = source?.inRounds === true
  const now = inRounds ? ROUNDS : LIVE
  const types = [now, ...LATER, ...(inRounds ? [] : [SNAPSHOT])]
  return (
    <CardBody className="flex flex-col items-start gap-4">
      <ChoiceCards
        label={t('label')} value={now.key} onValueChange={() => {}}
        choices={types.map(({ key, icon, available }) => ({ value: key, icon, title: t(`${key}.title`), description: t(`${key}.description`), disabled: !available, ...(available ? {} : { badge: <Pill>{t('soon')}</Pill> }) }))}
      />
      {source?.simulated === true && <SimulatorLabel platform={source.kind} />}
    </CardBody>
  )
}
