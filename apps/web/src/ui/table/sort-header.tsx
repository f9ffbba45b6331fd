import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react'
import { cn } from '../cn.ts'

/** A column's head; a button where the column sorts. */
export function SortHeader({ label, align, sorted, onSort, className }: {
  label: string
  align: 'start' | 'end' | undefined
  sorted: false | 'asc' | 'desc'
  onSort: (() => void) | undefined
  className: string | undefined
}) {
  const Icon = sorted === 'asc' ? ArrowUp : sorted === 'desc' ? ArrowDown : ChevronsUpDown
  return (
    <th scope="col" role="columnheader" aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined} className={cn('border-b px-4 py-2 first:pl-5 last:pr-5 text-xs font-medium whitespace-nowrap text-muted', align === 'end' ? 'text-right' : 'text-left', className)}>
      {onSort ? (
        <button type="button" onClick={onSort} className={cn('group/sort inline-flex items-center gap-1 rounded hover:text-foreground', align === 'end' && 'flex-row-reverse')}>
          {label}
          <Icon className={cn('size-3', sorted === false && 'opacity-40 group-hover/sort:opacity-100')} aria-hidden />
        </button>
      ) : label}
    </th>
  )
}
