'use client'
import { Camera, Filter, PackageCheck, PowerOff } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { CardBody } from '@/ui/card.tsx'
import { ChoiceCards } from '@/ui/choice-cards.tsx'
import { Pill } from '@/ui/pill.tsx'

const TYPES = [
  { key: 'live', icon: Filter, available: true },
  { key: 'seeded', icon: PackageCheck, available: false },
  { key: 'cold', icon: PowerOff, available: false },
  { key: 'snapshot', icon: Camera, available: false },
] as const

/** One type there is; the others are named so that nobody looks for them in vain. */
export function TypeStep() {
  const t = useTranslations('migrate.wizard.type')
  return (
    <CardBody>
      <ChoiceCards
        label={t('label')} value="live" onValueChange={() => {}}
        choices={TYPES.map(({ key, icon, available }) => ({ value: key, icon, title: t(`${key}.title`), description: t(`${key}.description`), disabled: !available, ...(available ? {} : { badge: <Pill>{t('soon')}</Pill> }) }))}
      />
    </CardBody>
  )
}
