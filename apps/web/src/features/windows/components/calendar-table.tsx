'use client'
import { useEffect, useRef } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'
import { placeAfter } from '../calendar/move.ts'
import type { CalendarPlace, CalendarView } from '../calendar/move.ts'

/** A grid of which one cell is in the order of tabs: keys move to others, Enter and the space bar open. The focus follows `place` once it is drawn. */
export function CalendarTable({ view, place, label, onPlace, onOpen, children }: { view: CalendarView; place: CalendarPlace; label: string; onPlace: (place: CalendarPlace) => void; onOpen: (place: CalendarPlace) => void; children: ReactNode }) {
  const table = useRef<HTMLTableElement>(null)
  const moved = useRef(false)
  useEffect(() => {
    if (!moved.current) return
    moved.current = false
    table.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
  }, [place.date, place.hour])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const next = placeAfter(view, place, event.key)
    if (next === null && event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    if (next === null) return onOpen(place)
    moved.current = true
    onPlace(next)
  }
  return (
    // A calendar that is walked by arrows is a table that became a grid, as in the ARIA practices' date grids.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role
    <table role="grid" aria-label={label} ref={table} onKeyDown={onKeyDown} className="w-full table-fixed border-separate border-spacing-0 text-xs">
      {children}
    </table>
  )
}
