import {
  columnFilteringFeature, createFilteredRowModel, createSortedRowModel, filterFn_includesString, globalFilteringFeature,
  rowSelectionFeature, rowSortingFeature, sortFn_alphanumeric, sortFn_basic, tableFeatures,
} from '@tanstack/react-table'
import type { ReactNode } from 'react'

/** What every table of the portal can do. */
export const features = tableFeatures({
  columnFilteringFeature,
  globalFilteringFeature,
  rowSelectionFeature,
  rowSortingFeature,
  filteredRowModel: createFilteredRowModel(),
  sortedRowModel: createSortedRowModel(),
  filterFns: { includesString: filterFn_includesString },
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
})

/** One column. `value` is what sorting and searching see; `cell` is what people see, `value` if absent. */
export type DataColumn<TRow> = {
  id: string
  header: string
  value?: (row: TRow) => string | number | null
  cell?: (row: TRow) => ReactNode
  align?: 'start' | 'end'
  /** Below this width of the window the column is left out. */
  hideBelow?: 'sm' | 'md' | 'lg' | 'xl'
  searchable?: boolean
  sortable?: boolean
  className?: string
}

// On a phone rows are cards, whose cells are shown again unless they say otherwise.
export const HIDE_BELOW = { sm: 'max-sm:hidden', md: 'max-md:hidden max-sm:hidden', lg: 'max-lg:hidden max-sm:hidden', xl: 'max-xl:hidden max-sm:hidden' } as const
