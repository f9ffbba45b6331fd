'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'

/** More rows than this nobody reads; every n-th is listed. */
const MOST_ROWS = 60

/** One row: what the chart has along its axis there, and its values, in the order of `columns`. */
export type ChartRow = { readonly label: string; readonly cells: readonly string[] }

/** A chart's numbers as a table, folded away; `rows` are made when it is opened. `head`: what the axis shows. */
export function ChartTable({ label, head, columns, count, row }: { label: string; head: string; columns: readonly string[]; count: number; row: (index: number) => ChartRow }) {
  const t = useTranslations('ui.chart')
  const [open, setOpen] = useState(false)
  const step = Math.max(1, Math.ceil(count / MOST_ROWS))
  return (
    <details className="mt-2 text-xs" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="w-fit rounded text-muted hover:text-foreground">{t('asTable')}</summary>
      {open && (
        <div className="mt-2 max-h-64 overflow-auto rounded-md border" tabIndex={0} role="region" aria-label={label}>
          <table className="w-full">
            <caption className="sr-only">{label}</caption>
            <thead>
              <tr>
                <th scope="col" className="px-3 py-1.5 text-left font-medium">{head}</th>
                {columns.map((column) => <th key={column} scope="col" className="px-3 py-1.5 text-right font-medium">{column}</th>)}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: Math.ceil(count / step) }, (_, index) => row(index * step)).map(({ label: at, cells }, index) => (
                <tr key={index} className="border-t">
                  <th scope="row" className="px-3 py-1 text-left font-normal whitespace-nowrap">{at}</th>
                  {cells.map((cell, column) => <td key={columns[column]} className="px-3 py-1 text-right tabular-nums">{cell}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
