'use client'
import { useTimeZone, useTranslations } from 'next-intl'
import { parseAsString, useQueryState } from 'nuqs'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { BookingForm } from './booking-form.tsx'
import type { BookingWish } from './booking-form.tsx'

export const NO_WISH: BookingWish = { waveId: null, time: null }

/**
 * The button that books a window, and its dialog: one a page, for a `wave` in the address opens it for that wave. `wish`: what another
 * way to it on the page was about; null while nobody asked.
 */
export function BookWindow({ wish, onWish }: { wish: BookingWish | null; onWish: (wish: BookingWish | null) => void }) {
  const t = useTranslations('windows.book')
  const zone = useTimeZone() ?? 'UTC'
  const [wave, setWave] = useQueryState('wave', parseAsString)
  const wanted = wish ?? (wave === null ? null : { waveId: wave, time: null })
  const show = (next: boolean) => {
    onWish(next ? NO_WISH : null)
    if (!next) void setWave(null)
  }
  return (
    <Dialog className="max-w-2xl" open={wanted !== null} onOpenChange={show} title={t('title')} description={t('description', { zone })} trigger={<Button variant="primary">{t('title')}</Button>}>
      {wanted !== null && <BookingForm wish={wanted} onDone={() => show(false)} />}
    </Dialog>
  )
}
