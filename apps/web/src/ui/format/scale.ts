export const BYTE_UNITS = ['b', 'kib', 'mib', 'gib', 'tib', 'pib'] as const
export type ByteUnit = (typeof BYTE_UNITS)[number]

/** Bytes in the largest binary unit that leaves at least 1, with three significant digits. */
export function scaleBytes(bytes: number): { value: number; unit: ByteUnit; digits: number } {
  const magnitude = Math.abs(bytes)
  let index = 0
  while (index < BYTE_UNITS.length - 1 && magnitude >= 1024 ** (index + 1)) index++
  const value = bytes / 1024 ** index
  const shown = Math.abs(value)
  return { value, unit: BYTE_UNITS[index] ?? 'b', digits: index === 0 || shown >= 100 ? 0 : shown >= 10 ? 1 : 2 }
}

export const DURATION_UNITS = ['d', 'h', 'min', 's'] as const
export type DurationUnit = (typeof DURATION_UNITS)[number]
const SECONDS: Readonly<Record<DurationUnit, number>> = { d: 86_400, h: 3_600, min: 60, s: 1 }
/** Under this, tenths of a second matter: downtimes are this short. */
const TENTHS_BELOW_SECONDS = 10

/** A duration as its two largest parts, rounded to the smaller of them; `3661` → 1 h 1 min. */
export function splitDuration(seconds: number): { value: number; unit: DurationUnit; digits: number }[] {
  const total = Math.max(0, seconds)
  if (total < TENTHS_BELOW_SECONDS) return [{ value: total, unit: 's', digits: Number.isInteger(total) ? 0 : 1 }]
  const start = DURATION_UNITS.findIndex((unit) => Math.round(total) >= SECONDS[unit])
  const first = DURATION_UNITS[start] ?? 's'
  const second = DURATION_UNITS[start + 1]
  if (second === undefined) return [{ value: Math.round(total), unit: 's', digits: 0 }]
  const inSecond = Math.round(total / SECONDS[second])
  const perFirst = SECONDS[first] / SECONDS[second]
  const parts = [{ value: Math.floor(inSecond / perFirst), unit: first, digits: 0 }]
  if (inSecond % perFirst > 0) parts.push({ value: inSecond % perFirst, unit: second, digits: 0 })
  return parts
}
