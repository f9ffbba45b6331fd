'use client'
import { signIn } from 'next-auth/react'
import { refusedWith } from '@/client/use-error-text.ts'

/** Ends a sign-in at one of next-auth's providers; throws what `useErrorText` reads when it is refused. */
export async function finish(provider: 'second-step' | 'passkey', step: object): Promise<void> {
  const answer = await signIn(provider, { redirect: false, step: JSON.stringify(step) })
  if (answer?.ok !== true || answer.error) throw answer?.error && /^[A-Z_]+$/.test(answer.error) ? Object.assign(new Error(answer.error), refusedWith(answer.error)) : new Error('next-auth did not answer')
  // A whole page load: the layouts above were rendered for nobody.
  window.location.assign('/')
}
