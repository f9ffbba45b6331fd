'use client'
import { MEBIBYTE } from '@/features/migrate/components/wizard/draft.ts'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'

/** A rate as people type it, in MiB/s; empty for none. */
export const typedRate = (rate: number | null) => (rate === null ? '' : String(Math.round((rate / MEBIBYTE) * 100) / 100))

/** One number with a label; `error` in place of the hint where it can't be used. */
export function NumberField({ label, hint, error, value, onChange }: { label: string; hint?: string; error?: string | undefined; value: string; onChange: (value: string) => void }) {
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} error={error}>
      {(field) => <Input {...field} inputMode="decimal" value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}
