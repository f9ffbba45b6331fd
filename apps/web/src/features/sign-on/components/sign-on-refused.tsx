'use client'
import { useMessages, useTranslations } from 'next-intl'
import { useSearchParams } from 'next/navigation'
import type en from '../../../../messages/en/signOn.json'
import { Notice } from '@/ui/notice.tsx'

type Reason = keyof (typeof en)['refused']

/** Why an organisation's sign-on did not lead in, where the address says so. */
export function SignOnRefused() {
  const t = useTranslations('signOn.refused')
  const { refused } = useMessages().signOn
  const isReason = (text: string): text is Reason => Object.hasOwn(refused, text)
  const reason = useSearchParams().get('refused')
  return reason !== null && isReason(reason) && <Notice tone="danger" className="mt-6">{t(reason)}</Notice>
}
