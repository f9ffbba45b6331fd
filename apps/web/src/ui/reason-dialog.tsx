'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog, DialogClose } from './dialog.tsx'
import { Field } from './field.tsx'
import { Textarea } from './input.tsx'
import { Notice } from './notice.tsx'

/** The longest reason that is kept. */
const MOST_LETTERS = 500

export type ReasonDialogProps = {
  title: string
  description: string
  /** On the button that opens it, and on the one that does it. */
  action: string
  confirm: string
  variant: 'primary' | 'danger'
  /** Of the button that opens it. */
  size?: 'sm' | 'md'
  label: string
  hint: string
  /** Without a reason nothing is done. */
  required: boolean
  busy: boolean
  /** What went wrong the last time, in words. */
  problem: string | null
  /** The dialog closes when it resolves, and stays open when it rejects. */
  onSubmit: (reason: string) => Promise<unknown>
  children?: ReactNode
}

/** Asks for a reason before something is done that others will read about. */
export function ReasonDialog({ title, description, action, confirm, variant, size = 'sm', label, hint, required, busy, problem, onSubmit, children }: ReasonDialogProps) {
  const ui = useTranslations('ui')
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const [asked, setAsked] = useState(false)
  const missing = required && reason.trim() === ''
  const submit = () => {
    setAsked(true)
    if (!missing) void onSubmit(reason).then(() => setOpen(false), () => {})
  }
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={title} description={description} trigger={<Button size={size} variant={variant}>{action}</Button>}
      footer={(
        <>
          <DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose>
          <Button variant={variant} busy={busy} onClick={submit}>{confirm}</Button>
        </>
      )}
    >
      <div className="flex flex-col gap-4">
        {problem !== null && <Notice tone="danger">{problem}</Notice>}
        {children}
        <Field label={label} hint={hint} error={asked && missing ? hint : undefined}>
          {(control) => <Textarea {...control} value={reason} maxLength={MOST_LETTERS} onChange={(event) => setReason(event.target.value)} />}
        </Field>
      </div>
    </Dialog>
  )
}
