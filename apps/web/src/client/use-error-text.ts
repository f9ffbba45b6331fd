'use client'
import { useMessages, useTranslations } from 'next-intl'
import { z } from 'zod'
import type en from '../../messages/en/index.ts'

type ErrorCode = keyof (typeof en)['errors']

const refused = z.object({ data: z.object({ refusal: z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])), requestId: z.string() }) }) })

/** The stable code a call was refused with; null when it failed otherwise. */
export function refusalCodeOf(error: unknown): string | null {
  const parsed = refused.safeParse(error)
  return parsed.success ? parsed.data.data.refusal.code : null
}

/** A sentence for any error of a call, in the person's language; what nobody foresaw carries the number it has in the log. */
export function useErrorText(): (error: unknown) => string {
  const t = useTranslations('errors')
  const { errors } = useMessages()
  const isKnown = (code: string): code is ErrorCode => Object.hasOwn(errors, code)
  return (error) => {
    const parsed = refused.safeParse(error)
    if (!parsed.success) return t('OFFLINE')
    const { code, params, requestId } = parsed.data.data.refusal
    return isKnown(code) ? t(code, { ...params, requestId }) : t('UNEXPECTED', { requestId })
  }
}

/** The error of a call that was refused with this code, as `useErrorText` reads it: next-auth answers codes alone. */
export function refusedWith(code: string): { data: { refusal: { code: string; params: Record<string, string>; requestId: string } } } {
  return { data: { refusal: { code, params: {}, requestId: '–' } } }
}
