'use client'
import { SHUTDOWN_REFUSALS, VALIDATION_DEFAULTS } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useId } from 'react'
import { Checkbox } from '@/ui/checkbox.tsx'
import { Field, Label } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Select } from '@/ui/select.tsx'
import { VALIDATION_CHOICES, parallelOf, shutdownOf } from '../agreement-draft.ts'
import type { AgreementDraft } from '../agreement-draft.ts'
import { usePlanWords } from './use-plan-words.ts'

/** What holds for every VM of a wave: agreed on by day, so that nobody decides it by night. */
export function AgreementFields({ draft, onChange, showProblems, wayBack }: {
  draft: AgreementDraft
  onChange: (part: Partial<AgreementDraft>) => void
  showProblems: boolean
  /** Whether the target's hypervisor can keep one. */
  wayBack: boolean
}) {
  const t = useTranslations('plan.agreement')
  const plan = useTranslations('plan')
  const words = usePlanWords()
  const validated = draft.validation !== '' && draft.validation !== '0'
  const periods = [...new Set([...VALIDATION_CHOICES, ...(draft.validation === '' ? [] : [Number(draft.validation)])])].toSorted((one, other) => one - other)
  return (
    <div className="grid gap-5 sm:grid-cols-2">
      <Field label={t('validation')} hint={t('validationHint')} error={showProblems && draft.validation === '' ? t('validationNeeded') : undefined}>
        {(control) => <Select {...control} value={draft.validation} placeholder={t('validationChoose')} onValueChange={(validation) => onChange({ validation })} options={periods.map((minutes) => ({ value: String(minutes), label: words.value('validationMinutes', minutes) }))} />}
      </Field>
      {validated && (
        <Field label={t('validationDefault')}>
          {(control) => <Select {...control} value={draft.validationDefault} onValueChange={(value) => { const found = VALIDATION_DEFAULTS.find((one) => one === value); if (found) onChange({ validationDefault: found }) }} options={VALIDATION_DEFAULTS.map((value) => ({ value, label: plan(`defaults.${value}`) }))} />}
        </Field>
      )}
      <Field label={t('refusal')} hint={t(`refusalHint.${draft.shutdownRefusal}`)}>
        {(control) => <Select {...control} value={draft.shutdownRefusal} onValueChange={(value) => { const found = SHUTDOWN_REFUSALS.find((one) => one === value); if (found) onChange({ shutdownRefusal: found }) }} options={SHUTDOWN_REFUSALS.map((value) => ({ value, label: plan(`refusals.${value}`) }))} />}
      </Field>
      <Field label={t('shutdown')} error={showProblems && shutdownOf(draft) === null ? t('shutdownWrong') : undefined}>
        {(control) => <Input {...control} inputMode="numeric" value={draft.shutdownSeconds} onChange={(event) => onChange({ shutdownSeconds: event.target.value })} />}
      </Field>
      <Field label={t('parallel')} error={showProblems && parallelOf(draft) === null ? t('parallelWrong') : undefined}>
        {(control) => <Input {...control} inputMode="numeric" value={draft.parallelCutovers} onChange={(event) => onChange({ parallelCutovers: event.target.value })} />}
      </Field>
      <Check label={t('keepWayBack')} hint={!wayBack ? t('keepWayBackNo') : validated ? t('keepWayBackHint') : t('keepWayBackShort')} checked={draft.keepWayBack && validated} disabled={!validated || (!wayBack && !draft.keepWayBack)} onChange={(keepWayBack) => onChange({ keepWayBack })} />
    </div>
  )
}

/** A box with its words beside it and a line below. */
export function Check({ label, hint, checked, disabled = false, onChange }: { label: string; hint?: string; checked: boolean; disabled?: boolean; onChange: (checked: boolean) => void }) {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5">
      <Checkbox id={id} className="mt-0.5" checked={checked} disabled={disabled} aria-describedby={hint === undefined ? undefined : `${id}-about`} onCheckedChange={(value) => onChange(value === true)} />
      <div className="min-w-0">
        <Label htmlFor={id}>{label}</Label>
        {hint !== undefined && <p id={`${id}-about`} className="text-xs text-muted">{hint}</p>}
      </div>
    </div>
  )
}
