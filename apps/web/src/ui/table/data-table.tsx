'use client'
// TanStack's table and virtualizer change in place, which the React compiler cannot see.
'use no memo'
import { useTable } from '@tanstack/react-table'
import type { RowData, RowSelectionState, SortingState } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useTranslations } from 'next-intl'
import { useMemo, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Checkbox } from '../checkbox.tsx'
import { cn } from '../cn.ts'
import { SearchInput } from '../search-input.tsx'
import { features, HIDE_BELOW } from './features.ts'
import type { DataColumn } from './features.ts'
import { SortHeader } from './sort-header.tsx'

export type { DataColumn } from './features.ts'

/** Fewer rows than this are simply rendered; more are windowed, so that 1,000 VMs stay smooth. */
const VIRTUAL_FROM_ROWS = 80
const ROW_PIXELS = 45

function asState(selected: ReadonlySet<string> | undefined): RowSelectionState {
  const state: RowSelectionState = {}
  for (const id of selected ?? []) state[id] = true
  return state
}

// On a phone a row is a card: the first cell its title, the others beside their column's name.
const CELL = 'h-11 border-b px-4 py-1.5 align-middle first:pl-5 last:pr-5 max-sm:flex max-sm:h-auto max-sm:items-center max-sm:justify-between max-sm:gap-4 max-sm:border-0 max-sm:px-5 max-sm:py-1 max-sm:empty:hidden'
const FIRST_CELL = 'max-sm:pr-14'
const CARD_LABEL = 'max-sm:before:shrink-0 max-sm:before:text-xs max-sm:before:text-muted max-sm:before:content-[attr(data-label)]'

/** A table that sorts, searches, selects, and holds thousands of rows inside its own scroll container. */
export function DataTable<TRow extends RowData>({ label, rows, columns, rowId, rowLabel, selected, onSelectedChange, canSelect, muted, search = false, toolbar, empty, initialSort, onRowClick, className }: {
  label: string
  rows: readonly TRow[]
  columns: readonly DataColumn<TRow>[]
  rowId: (row: TRow) => string
  /** Names a row for its checkbox. */
  rowLabel?: (row: TRow) => string
  selected?: ReadonlySet<string>
  onSelectedChange?: (selected: ReadonlySet<string>) => void
  canSelect?: (row: TRow) => boolean
  /** Greyed: there, but not to be used. */
  muted?: (row: TRow) => boolean
  search?: boolean
  toolbar?: ReactNode
  empty?: ReactNode
  initialSort?: { id: string; desc?: boolean }
  onRowClick?: (row: TRow) => void
  className?: string
}) {
  'use no memo'
  const t = useTranslations('ui.table')
  const [sorting, setSorting] = useState<SortingState>(initialSort ? [{ id: initialSort.id, desc: initialSort.desc ?? false }] : [])
  const [query, setQuery] = useState('')
  const scroller = useRef<HTMLDivElement>(null)
  const selectable = onSelectedChange !== undefined
  const data = useMemo(() => [...rows], [rows])
  const definitions = useMemo(
    () => columns.map((column) => ({
      id: column.id,
      accessorFn: (row: TRow) => column.value?.(row) ?? null,
      enableSorting: column.value !== undefined && column.sortable !== false,
    })),
    [columns],
  )
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: rowId,
    state: { sorting, globalFilter: query, rowSelection: asState(selected) },
    onSortingChange: setSorting,
    onRowSelectionChange: (updater) => {
      const after = typeof updater === 'function' ? updater(asState(selected)) : updater
      onSelectedChange?.(new Set(Object.keys(after).filter((id) => after[id] === true)))
    },
    enableRowSelection: canSelect ? (row) => canSelect(row.original) : selectable,
    globalFilterFn: 'includesString',
    getColumnCanGlobalFilter: (column) => columns.find(({ id }) => id === column.id)?.searchable !== false,
  })
  const shown = table.getRowModel().rows
  const windowed = shown.length >= VIRTUAL_FROM_ROWS
  const virtualizer = useVirtualizer({
    count: windowed ? shown.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PIXELS,
    overscan: 12,
  })
  const items = virtualizer.getVirtualItems()
  const first = items[0]
  const last = items.at(-1)
  const visible = windowed ? items.flatMap(({ index }) => shown[index] ?? []) : shown
  const before = windowed ? (first?.start ?? 0) : 0
  const after = windowed ? Math.max(0, virtualizer.getTotalSize() - (last?.end ?? 0)) : 0
  const width = columns.length + (selectable ? 1 : 0)
  const byId = new Map(columns.map((column) => [column.id, column]))

  return (
    <div className={cn('min-w-0 first:rounded-t-[inherit] last:rounded-b-[inherit]', className)}>
      {(search || toolbar !== undefined) && (
        <div className="flex flex-wrap items-center justify-between gap-3 border-b px-5 py-3">
          {search && <SearchInput label={t('search')} value={query} onChange={(event) => setQuery(event.target.value)} />}
          {toolbar !== undefined && <div className="flex flex-wrap items-center gap-2">{toolbar}</div>}
        </div>
      )}
      {rows.length === 0 && empty !== undefined ? empty : (
        <div ref={scroller} tabIndex={0} role="region" aria-label={label} className={cn('relative overflow-auto first:rounded-t-[inherit] last:rounded-b-[inherit] focus-visible:-outline-offset-2', windowed && 'max-h-[min(70dvh,46rem)]')}>
          <table role="table" className="w-full border-separate border-spacing-0 text-sm max-sm:block" aria-rowcount={shown.length + 1}>
            <thead role="rowgroup" className="sticky top-0 z-10 bg-surface max-sm:sr-only">
              <tr role="row">
                {selectable && (
                  <th scope="col" role="columnheader" className="w-10 border-b py-2 pr-0 pl-5 text-left">
                    <Checkbox aria-label={t('selectAll')} checked={table.getIsAllRowsSelected() ? true : table.getIsSomeRowsSelected() ? 'indeterminate' : false} onCheckedChange={(checked) => table.toggleAllRowsSelected(checked === true)} />
                  </th>
                )}
                {table.getHeaderGroups()[0]?.headers.map((header) => {
                  const column = byId.get(header.column.id)
                  if (!column) return null
                  return (
                    <SortHeader key={header.id} label={column.header} align={column.align} className={column.hideBelow && HIDE_BELOW[column.hideBelow]} sorted={header.column.getIsSorted()} onSort={header.column.getCanSort() ? () => header.column.toggleSorting() : undefined} />
                  )
                })}
              </tr>
            </thead>
            <tbody role="rowgroup" className="max-sm:block [&>tr:last-child>td]:border-b-0">
              {before > 0 && <tr aria-hidden><td colSpan={width} style={{ height: before }} /></tr>}
              {visible.map((row) => (
                <tr key={row.id} role="row" {...(windowed ? { ref: virtualizer.measureElement, 'data-index': row.getDisplayIndex() } : {})} aria-selected={selectable ? row.getIsSelected() : undefined} onClick={onRowClick ? () => onRowClick(row.original) : undefined} className={cn('group transition-colors hover:bg-sunken/60 max-sm:relative max-sm:block max-sm:border-b max-sm:py-2.5 max-sm:last:border-b-0', row.getIsSelected() && 'bg-accent-soft', muted?.(row.original) === true && 'bg-sunken/60 text-muted', onRowClick && 'cursor-pointer')}>
                  {selectable && (
                    <td role="cell" className="border-b py-2 pr-0 pl-5 align-middle max-sm:absolute max-sm:top-3 max-sm:right-5 max-sm:border-0 max-sm:p-0" onClick={(event) => event.stopPropagation()}>
                      <Checkbox aria-label={t('select', { name: rowLabel?.(row.original) ?? row.id })} checked={row.getIsSelected()} disabled={!row.getCanSelect()} onCheckedChange={(checked) => row.toggleSelected(checked === true)} />
                    </td>
                  )}
                  {columns.map((column, index) => (
                    <td key={column.id} role="cell" data-label={column.header} className={cn(CELL, index === 0 ? FIRST_CELL : CARD_LABEL, column.align === 'end' && 'text-right whitespace-nowrap tabular-nums', column.className, column.hideBelow && HIDE_BELOW[column.hideBelow])}>
                      {column.cell ? column.cell(row.original) : column.value?.(row.original)}
                    </td>
                  ))}
                </tr>
              ))}
              {after > 0 && <tr aria-hidden><td colSpan={width} style={{ height: after }} /></tr>}
              {shown.length === 0 && <tr><td colSpan={width} className="px-4 py-10 text-center text-sm text-muted">{t('nothingFound')}</td></tr>}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}
