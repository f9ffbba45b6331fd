'use client'
import { useTimeZone, useTranslations } from 'next-intl'
import { parseAsString, useQueryState } from 'nuqs'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { BookingForm } from './booking-form.tsx'

/**
 * The button that books a window, and its dialog: one a page, for a `wave` in the address opens it for that wave. `pressed`: by the
 * button, or by another way to it on the page.
 */
export function BookWindow({ pressed, onPressedChange }: { pressed: boolean; onPressedChange: (pressed: boolean) => void }) {
  const t = useTranslations('windows.book')
  const zone = useTimeZone() ?? 'UTC'
  const [wave, setWave] = useQueryState('wave', parseAsString)
  const open = pressed || wave !== null
  const show = (next: boolean) => {
    onPressedChange(next)
    if (!next) void setWave(null)
  }
  return (
    <Dialog open={open} onOpenChange={show} title={t('title')} description={t('description', { zone })} trigger={<Button variant="primary">{t('title')}</Button>}>
      {open && <BookingForm waveId={wave} onDone={() => show(false)} />}
    </Dialog>
  )
}
