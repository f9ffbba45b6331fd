import { isProbeShare, isZone } from '@driftless/domain'
import type { RateSchedule } from '@driftless/domain'

/** Lines are sold in Mbit/s. */
export const BYTES_PER_SECOND_A_MBIT = 125_000

/** One line of a timetable as typed: times as `08:00`, a rate in Mbit/s, empty for no limit. */
export type DraftLine = { readonly key: number; readonly days: readonly number[]; readonly from: string; readonly to: string; readonly mbits: string }

/** What most people come for: working hours, on working days. */
export function newLine(key: number): DraftLine {
  return { key, days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00', mbits: '' }
}

export function toDraft(schedule: RateSchedule | null): DraftLine[] {
  return (schedule?.rules ?? []).map((rule, key) => ({ key, days: rule.days, from: toTime(rule.fromMinute), to: toTime(rule.toMinute), mbits: typedMbits(rule.bytesPerSecond) }))
}

/** A rate as typed; empty for no limit. */
export function typedMbits(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? '' : String(bytesPerSecond / BYTES_PER_SECOND_A_MBIT)
}

/** A typed rate in bytes per second: null for no limit, `undefined` where it is no rate. */
export function parseMbits(typed: string): number | null | undefined {
  if (typed.trim() === '') return null
  const mbits = Number(typed.replace(',', '.'))
  return mbits > 0 && Number.isFinite(mbits) ? Math.round(mbits * BYTES_PER_SECOND_A_MBIT) : undefined
}

/** A share of the time as typed, in percent. */
export function typedShare(share: number): string {
  return String(Number((share * 100).toPrecision(6)))
}

/** A typed share of the time, from percent; nothing typed means none. `undefined` where it is no share that can be agreed on. */
export function parseShare(typed: string): number | undefined {
  const share = Number((Number(typed.trim().replace(',', '.')) / 100).toPrecision(6))
  return isProbeShare(share) ? share : undefined
}

/** What is wrong with a line; null: nothing. */
export function faultOf(line: DraftLine): 'days' | 'times' | 'rate' | null {
  if (line.days.length === 0) return 'days'
  if (toMinute(line.from) === null || toMinute(line.to) === null) return 'times'
  return parseMbits(line.mbits) === undefined ? 'rate' : null
}

/** The timetable that was typed: null where it has no lines, `undefined` where something is wrong with it. */
export function fromDraft(zone: string, lines: readonly DraftLine[]): RateSchedule | null | undefined {
  if (lines.length === 0) return null
  const rules = lines.flatMap((line) => {
    const fromMinute = toMinute(line.from)
    const endMinute = toMinute(line.to)
    const bytesPerSecond = parseMbits(line.mbits)
    return line.days.length === 0 || fromMinute === null || endMinute === null || bytesPerSecond === undefined ? [] : [{ days: line.days.toSorted((one, other) => one - other), fromMinute, toMinute: endMinute, bytesPerSecond }]
  })
  return rules.length === lines.length && isZone(zone) ? { zone, rules } : undefined
}

/** Minutes of the day as a `time` field holds them. */
export function toTime(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

/** The minutes of the day that a `time` field means; null where it holds none. */
export function toMinute(typed: string): number | null {
  const found = /^([01]\d|2[0-3]):([0-5]\d)/.exec(typed)
  return found === null ? null : Number(found[1]) * 60 + Number(found[2])
}
