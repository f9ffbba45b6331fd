'use client'
import { useFormatter } from 'next-intl'
import { ToggleGroup } from 'radix-ui'

/** A Monday, to name the days by. */
const MONDAY_MS = Date.UTC(2024, 0, 1)
const DAY_MS = 86_400_000
const DAYS = [1, 2, 3, 4, 5, 6, 7]

/** The name of a day of the week, 1 Monday to 7 Sunday. */
export function useDayName(): (day: number, weekday: 'short' | 'long') => string {
  const format = useFormatter()
  return (day, weekday) => format.dateTime(new Date(MONDAY_MS + (day - 1) * DAY_MS), { weekday, timeZone: 'UTC' })
}

/** Which days of the week. */
export function DayToggles({ label, days, onChange }: { label: string; days: readonly number[]; onChange: (days: number[]) => void }) {
  const name = useDayName()
  return (
    <ToggleGroup.Root type="multiple" aria-label={label} value={days.map(String)} onValueChange={(values) => onChange(values.map(Number))} className="grid max-w-md grid-cols-7 gap-1">
      {DAYS.map((value) => (
        <ToggleGroup.Item key={value} value={String(value)} aria-label={name(value, 'long')} className="h-7 min-w-0 rounded-md border text-xs font-medium text-muted hover:bg-sunken data-[state=on]:border-accent data-[state=on]:bg-accent data-[state=on]:text-on-accent">
          {name(value, 'short')}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  )
}
