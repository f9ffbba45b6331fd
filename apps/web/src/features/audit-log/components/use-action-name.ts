'use client'
import { useMessages, useTranslations } from 'next-intl'
import type en from '../../../../messages/en/auditLog.json'

export type ActionKey = keyof (typeof en)['sentences']

/** An action as messages know it: dots would nest, so `wave.go` is `wave_go`. Null for one that has no sentence yet. */
export function useActionKey(): (action: string) => ActionKey | null {
  const { sentences } = useMessages().auditLog
  const isKnown = (key: string): key is ActionKey => Object.hasOwn(sentences, key)
  return (action) => {
    const key = action.replaceAll(/[.-]/g, '_')
    return isKnown(key) ? key : null
  }
}

/** An action in a few words, for the filter. */
export function useActionName(): (action: string) => string {
  const t = useTranslations('auditLog.actions')
  const keyOf = useActionKey()
  return (action) => {
    const key = keyOf(action)
    return key === null ? action : t(key)
  }
}
