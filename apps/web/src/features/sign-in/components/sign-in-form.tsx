'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useTranslations } from 'next-intl'
import { signIn } from 'next-auth/react'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { z } from 'zod'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'

export function SignInForm({ initial }: { initial: { email: string; password: string } }) {
  const t = useTranslations('signIn')
  const schema = z.object({ email: z.email(t('emailNeeded')), password: z.string().min(1, t('passwordNeeded')) })
  const [problem, setProblem] = useState<'wrong' | 'tooMany' | 'failed' | null>(null)
  const form = useForm({ resolver: zodResolver(schema), defaultValues: initial })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async ({ email, password }) => {
    setProblem(null)
    try {
      const answer = await signIn('credentials', { redirect: false, email, password })
      // A whole page load: the layouts above were rendered for nobody.
      if (answer?.ok === true && !answer.error) window.location.assign('/')
      else setProblem(answer?.error === 'TOO_MANY_TRIES' ? 'tooMany' : answer?.status === 401 ? 'wrong' : 'failed')
    } catch {
      setProblem('failed')
    }
  })
  return (
    <form className="mt-6 flex flex-col gap-4" onSubmit={(event) => void submit(event)} noValidate>
      {problem !== null && <Notice tone="danger">{t(problem)}</Notice>}
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
