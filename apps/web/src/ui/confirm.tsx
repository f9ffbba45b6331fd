'use client'
import { useTranslations } from 'next-intl'
import { AlertDialog } from 'radix-ui'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'

/** Asks before something that cannot be undone. `onConfirm` runs once; the dialog stays until it has settled. */
export function Confirm({ trigger, title, description, action, danger = false, onConfirm, children }: {
  trigger: ReactNode
  title: string
  description: ReactNode
  action: string
  danger?: boolean
  onConfirm: () => Promise<unknown> | undefined
  children?: ReactNode
}) {
  const t = useTranslations('ui')
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const confirm = async () => {
    setBusy(true)
    try {
      await onConfirm()
      setOpen(false)
    } catch {
      // The caller's mutation has already said what went wrong; the dialog stays for another try.
    } finally {
      setBusy(false)
    }
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 bg-black/45 backdrop-blur-[1px]" />
        <AlertDialog.Content className="fixed top-1/2 left-1/2 z-50 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-md -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-xl border bg-surface shadow-lg">
          <div className="px-5 py-5">
            <AlertDialog.Title className="text-base font-semibold">{title}</AlertDialog.Title>
            <AlertDialog.Description asChild><div className="mt-1.5 text-sm text-muted">{description}</div></AlertDialog.Description>
            {children !== undefined && <div className="mt-4">{children}</div>}
          </div>
          <div className="flex justify-end gap-2 border-t bg-sunken/50 px-5 py-3">
            <AlertDialog.Cancel asChild><Button>{t('cancel')}</Button></AlertDialog.Cancel>
            <Button variant={danger ? 'danger' : 'primary'} busy={busy} onClick={() => void confirm()}>{action}</Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
