'use client'
import { useMessages, useTranslations } from 'next-intl'
import type en from '../../../../messages/en/webhooks.json'

/** An event in a few words; a type that has none yet, as it is. Dots would nest, so `wave.no-go` is `wave_no_go`. */
export function useEventName(): (type: string) => string {
  const t = useTranslations('webhooks.names')
  const { names } = useMessages().webhooks
  const isKnown = (key: string): key is keyof (typeof en)['names'] => Object.hasOwn(names, key)
  return (type) => {
    const key = type.replaceAll(/[.-]/g, '_')
    return isKnown(key) ? t(key) : type
  }
}
