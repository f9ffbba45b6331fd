'use client'
import { Hand, ListOrdered } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { CardBody } from '@/ui/card.tsx'
import { ChoiceCards } from '@/ui/choice-cards.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { parseRate } from './draft.ts'
import type { Draft } from './draft.ts'

export function CutoverStep({ draft, onChange, showProblems }: { draft: Draft; onChange: (part: Partial<Draft>) => void; showProblems: boolean }) {
  const t = useTranslations('migrate.wizard.cutover')
  return (
    <CardBody className="flex flex-col gap-6">
      <ChoiceCards
        label={t('label')} value={draft.cutoverMode} onValueChange={(value) => onChange({ cutoverMode: value === 'AUTOMATIC' ? 'AUTOMATIC' : 'MANUAL' })}
        choices={[
          { value: 'MANUAL', icon: Hand, title: t('manual.title'), description: t('manual.description') },
          { value: 'AUTOMATIC', icon: ListOrdered, title: t('automatic.title'), description: t('automatic.description') },
        ]}
      />
      <Field className="max-w-md" label={t('rate')} hint={t('rateHint')} error={showProblems && parseRate(draft.rateMib) === undefined ? t('rateInvalid') : undefined}>
        {(control) => <Input {...control} inputMode="decimal" value={draft.rateMib} onChange={(event) => onChange({ rateMib: event.target.value })} />}
      </Field>
    </CardBody>
  )
}
