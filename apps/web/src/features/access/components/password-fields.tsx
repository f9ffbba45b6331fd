'use client'
import { PASSWORD_LEAST, PASSWORD_MOST, passwordWeakness } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'

export type Typed = { password: string; repeat: string }

/** A new password, typed twice. `asked`: say what is wrong. */
export function PasswordFields({ typed, asked, onChange }: { typed: Typed; asked: boolean; onChange: (typed: Typed) => void }) {
  const t = useTranslations('access.invitation')
  const hint = t('passwordHint', { least: PASSWORD_LEAST })
  return (
    <>
      <Field label={t('password')} hint={hint} error={asked && !isLongEnough(typed) ? hint : undefined}>
        {(control) => <Input {...control} type="password" autoComplete="new-password" maxLength={PASSWORD_MOST} value={typed.password} onChange={(event) => onChange({ ...typed, password: event.target.value })} />}
      </Field>
      <Field label={t('repeat')} error={asked && typed.repeat !== typed.password ? t('repeatWrong') : undefined}>
        {(control) => <Input {...control} type="password" autoComplete="new-password" maxLength={PASSWORD_MOST} value={typed.repeat} onChange={(event) => onChange({ ...typed, repeat: event.target.value })} />}
      </Field>
    </>
  )
}

/** How good it is the server says, who knows whose it is. */
const isLongEnough = ({ password }: Typed) => passwordWeakness(password, { email: '', name: '' }) !== 'TOO_SHORT'

/** Whether both are there and the same. */
export const isTyped = (typed: Typed): boolean => isLongEnough(typed) && typed.password === typed.repeat
