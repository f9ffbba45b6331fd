'use client'
import type { SlotDemand } from '@driftless/domain'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { RadioGroup } from 'radix-ui'
import { Button } from '@/ui/button.tsx'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { useSlotText } from './use-slot-text.ts'
import type { Board, BoardSlot } from './use-slot-text.ts'
import type { TimeChoice } from './use-time-choice.ts'
import { ZonedTimes } from './zoned-times.tsx'

/** The slots of two weeks, one of which is chosen; those that cannot be had say why. */
export function SlotPicker({ choice: { board, draft, change, page }, demand, asked }: { choice: TimeChoice; demand: SlotDemand | null; asked: boolean }) {
  const t = useTranslations('windows.time')
  const formats = useFormats()
  if (board === undefined) return null
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center justify-between gap-2">
        <p className="text-xs text-muted" aria-live="polite">{t('page', { from: formats.date(page.from), to: formats.date(page.to) })}</p>
        <span className="flex gap-1">
          <Button size="sm" aria-label={t('earlier')} disabled={page.at === 0} onClick={() => page.show(page.at - 1)}><ChevronLeft aria-hidden /></Button>
          <Button size="sm" aria-label={t('later')} disabled={page.at === page.last} onClick={() => page.show(page.at + 1)}><ChevronRight aria-hidden /></Button>
        </span>
      </div>
      {board.slots.length === 0 ? <p className="rounded-lg border border-dashed px-3 py-4 text-center text-sm text-muted">{t('noSlots')}</p> : (
        <RadioGroup.Root aria-label={t('slots')} value={draft.slotKey ?? ''} onValueChange={(slotKey) => change({ slotKey })} className="flex max-h-80 flex-col gap-1.5 overflow-y-auto p-0.5">
          {board.slots.map((slot) => <SlotOption key={slot.key} slot={slot} board={board} demand={demand} />)}
        </RadioGroup.Root>
      )}
      {asked && draft.slotKey === null && <p role="alert" className="text-xs text-danger">{t('slotNeeded')}</p>}
    </div>
  )
}

function SlotOption({ slot, board, demand }: { slot: BoardSlot; board: Board; demand: SlotDemand | null }) {
  const t = useTranslations('windows.time')
  const formats = useFormats()
  const text = useSlotText()
  const closed = text.closed(slot, board, demand)
  return (
    <RadioGroup.Item value={slot.key} disabled={closed !== null} className="flex items-start gap-3 rounded-lg border bg-surface px-3 py-2 text-left transition-colors hover:border-control disabled:cursor-not-allowed disabled:bg-sunken disabled:hover:border-border data-[state=checked]:border-accent data-[state=checked]:ring-1 data-[state=checked]:ring-accent">
      <span className="mt-1 grid size-4 shrink-0 place-items-center rounded-full border border-control"><RadioGroup.Indicator className="size-2 rounded-full bg-accent" /></span>
      <span className="min-w-0 flex-1">
        <ZonedTimes startsAt={slot.startsAt} endsAt={slot.endsAt} siteZone={board.zone} />
        <span className="mt-0.5 block text-xs">
          <span className={cn(closed === null ? 'text-success' : 'font-medium text-muted')}>{closed ?? text.free(slot)}</span>
          <span className="text-muted"> · {t('lockoutAt', { at: formats.time(slot.lockoutAt) })}</span>
        </span>
      </span>
    </RadioGroup.Item>
  )
}
