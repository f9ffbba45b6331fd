'use client'
import { useMessages, useTranslations } from 'next-intl'
import { z } from 'zod'
import type en from '../../messages/en/index.ts'

type ErrorCode = keyof (typeof en)['errors']

const refused = z.object({ data: z.object({ refusal: z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])), requestId: z.string() }) }) })

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
