'use client'
import { useTimeZone, useTranslations } from 'next-intl'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { BookingForm } from './booking-form.tsx'

/** The button that books a window, and its dialog. A `wave` in the address opens it for that wave. */
export function BookWindow() {
  const t = useTranslations('windows.book')
  const zone = useTimeZone() ?? 'UTC'
  const [wave, setWave] = useQueryState('wave', parseAsString)
  const [pressed, setPressed] = useState(false)
  const open = pressed || wave !== null
  const show = (next: boolean) => {
    setPressed(next)
    if (!next) void setWave(null)
  }
  return (
    <Dialog open={open} onOpenChange={show} title={t('title')} description={t('description', { zone })} trigger={<Button variant="primary">{t('title')}</Button>}>
      {open && <BookingForm waveId={wave} onDone={() => show(false)} />}
    </Dialog>
  )
}
