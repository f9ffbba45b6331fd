'use client'
import { CUTOVER_MODES } from '@driftless/domain'
import { CalendarClock, Hand, ListOrdered } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { AgreementFields } from '@/features/plan/components/agreement-fields.tsx'
import { CardBody } from '@/ui/card.tsx'
import { ChoiceCards } from '@/ui/choice-cards.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { parseRate } from './draft.ts'
import type { Draft } from './draft.ts'

/** How the wave's cutovers begin, and what is agreed about them beforehand. */
export function CutoverStep({ draft, wayBack, onChange, showProblems }: { draft: Draft; wayBack: boolean; onChange: (part: Partial<Draft>) => void; showProblems: boolean }) {
  const t = useTranslations('migrate.wizard.cutover')
  return (
    <CardBody className="flex flex-col gap-6">
      <ChoiceCards
        label={t('label')} value={draft.cutoverMode} onValueChange={(value) => onChange({ cutoverMode: CUTOVER_MODES.find((one) => one === value) ?? draft.cutoverMode })}
        choices={[
          { value: 'MANUAL', icon: Hand, title: t('manual.title'), description: t('manual.description') },
          { value: 'AUTOMATIC', icon: ListOrdered, title: t('automatic.title'), description: t('automatic.description') },
          { value: 'SCHEDULED', icon: CalendarClock, title: t('scheduled.title'), description: t('scheduled.description') },
        ]}
      />
      <section className="flex flex-col gap-4">
        <div>
          <h3 className="text-sm font-semibold">{t('agreement')}</h3>
          <p className="text-xs text-muted">{t('agreementHint')}</p>
        </div>
        <AgreementFields draft={draft.agreement} wayBack={wayBack} showProblems={showProblems} onChange={(part) => onChange({ agreement: { ...draft.agreement, ...part } })} />
      </section>
      <Field className="max-w-md" label={t('rate')} hint={t('rateHint')} error={showProblems && parseRate(draft.rateMib) === undefined ? t('rateInvalid') : undefined}>
        {(control) => <Input {...control} inputMode="decimal" value={draft.rateMib} onChange={(event) => onChange({ rateMib: event.target.value })} />}
      </Field>
    </CardBody>
  )
}
