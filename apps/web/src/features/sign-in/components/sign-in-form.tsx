'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod'
import { useTRPCClient } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { finish } from './finish.ts'

export type Begun = Outputs['signIn']['begin']

/** Address and password; whoever has a second factor goes on to the next step. */
export function SignInForm({ initial, onSecondStep }: { initial: { email: string; password: string }; onSecondStep: (begun: Begun) => void }) {
  const t = useTranslations('signIn')
  const client = useTRPCClient()
  const errorText = useErrorText()
  const schema = z.object({ email: z.email(t('emailNeeded')), password: z.string().min(1, t('passwordNeeded')) })
  const [problem, setProblem] = useState<unknown>(null)
  const form = useForm({ resolver: zodResolver(schema), defaultValues: initial })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (given) => {
    setProblem(null)
    try {
      const begun = await client.signIn.begin.mutate(given)
      if (begun.enrolled) onSecondStep(begun)
      else await finish('second-step', { ticket: begun.ticket, proof: { method: 'NONE' } })
    } catch (error) {
      setProblem(error)
    }
  })
  return (
    <form className="mt-6 flex flex-col gap-4" onSubmit={(event) => void submit(event)} noValidate>
      {problem !== null && <Notice tone="danger">{errorText(problem)}</Notice>}
      <Field label={t('email')} error={errors.email?.message}>
        {(control) => <Input {...control} type="email" autoComplete="username" {...form.register('email')} />}
      </Field>
      <Field label={t('password')} error={errors.password?.message}>
        {(control) => <Input {...control} type="password" autoComplete="current-password" {...form.register('password')} />}
      </Field>
      <Button type="submit" variant="primary" size="lg" busy={isSubmitting}>{t('submit')}</Button>
    </form>
  )
}
