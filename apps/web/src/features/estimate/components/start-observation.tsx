'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { ObservationForm } from './observation-form.tsx'

/** The button that starts an observation, and its dialog. */
export function StartObservation() {
  const t = useTranslations('estimate.start')
  const [open, setOpen] = useState(false)
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} className="max-w-2xl" trigger={<Button variant="primary">{t('title')}</Button>}>
      {open && <ObservationForm />}
    </Dialog>
  )
}
