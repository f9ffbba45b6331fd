'use client'
import { useTranslations } from 'next-intl'
import { createContext, use, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { refusalCodeOf } from '@/client/use-error-text.ts'
import { Dialog } from '@/ui/dialog.tsx'
import type { Account } from './account-page.tsx'
import { ConfirmForm } from './confirm-form.tsx'

/** The person thought better of it: nothing to say. */
export class Cancelled extends Error {}

type Sensitive = <T>(work: () => Promise<T>) => Promise<T>
const Context = createContext<Sensitive | null>(null)

/** Runs what the server may answer with CONFIRM_FIRST: then asks who it is, and runs it again. Rejects with `Cancelled` when that is closed. */
export function useSensitive(): Sensitive {
  const sensitive = use(Context)
  if (sensitive === null) throw new Error('useSensitive stands outside of ConfirmIdentity.')
  return sensitive
}

export function ConfirmIdentity({ account, children }: { account: Account; children: ReactNode }) {
  const t = useTranslations('account.confirm')
  const [open, setOpen] = useState(false)
  const waiting = useRef<{ resolve: () => void; reject: (error: Error) => void } | null>(null)
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      waiting.current = { resolve, reject }
      setOpen(true)
    })
  const sensitive: Sensitive = async (work) => {
    try {
      return await work()
    } catch (error) {
      if (refusalCodeOf(error) !== 'CONFIRM_FIRST') throw error
      await ask()
      return work()
    }
  }
  const close = (confirmed: boolean) => {
    setOpen(false)
    if (confirmed) waiting.current?.resolve()
    else waiting.current?.reject(new Cancelled())
    waiting.current = null
  }
  return (
    <Context value={sensitive}>
      {children}
      <Dialog open={open} onOpenChange={(next) => { if (!next) close(false) }} title={t('title')} description={t('description')}>
        {open && <ConfirmForm account={account} onDone={() => close(true)} />}
      </Dialog>
    </Context>
  )
}
