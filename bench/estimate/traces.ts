import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { Refusal, messageOf } from '@driftless/launch/setup/failure.ts'
import { z } from 'zod'

/** One VM's week in half hours: what it dirtied in each, and how far its addresses reach. Bytes. */
export type Trace = { readonly vm: string; readonly dirtiedBytes: readonly number[]; readonly addressRangeBytes: number }

export const HALF_HOUR_SECONDS = 1_800
const COLUMNS = ['vm', 'start_s', 'write_unique_bytes', 'address_range_bytes'] as const
const count = z.coerce.number().min(0)

/** Reads traces from a CSV, gzipped or not, with the columns named above among others; rows of a VM in half hours without a gap. Refuses what is not that. */
export async function readTraces(file: string): Promise<Trace[]> {
  const raw = await readFile(file).catch((error: unknown) => {
    throw new Refusal(`The traces cannot be read: ${messageOf(error)} Name a CSV with the columns ${COLUMNS.join(', ')}: npm run bench estimate -- --traces FILE`)
  })
  const text = (file.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8')
  const [head = '', ...lines] = text.split('\n').filter((line) => line !== '')
  const names = head.trim().split(',')
  const at = Object.fromEntries(COLUMNS.map((column) => [column, names.indexOf(column)]))
  const missing = COLUMNS.filter((column) => at[column] === -1)
  if (missing.length > 0) throw new Refusal(`${file} has no column ${missing.join(', ')}.`)
  const rows = lines.map((line) => {
    const cells = line.trim().split(',')
    const cell = (column: (typeof COLUMNS)[number]) => count.parse(cells[at[column] ?? -1])
    return { vm: cells[at['vm'] ?? -1] ?? '', startSeconds: cell('start_s'), dirtied: cell('write_unique_bytes'), range: cell('address_range_bytes') }
  })
  return [...Map.groupBy(rows, ({ vm }) => vm)].map(([vm, own]) => {
    const ordered = own.toSorted((one, other) => one.startSeconds - other.startSeconds)
    const gap = ordered.findIndex(({ startSeconds }, index) => index > 0 && startSeconds - (ordered[index - 1]?.startSeconds ?? 0) !== HALF_HOUR_SECONDS)
    if (gap !== -1) throw new Refusal(`${file}: the rows of ${vm} are not half hours one after another (at ${ordered[gap]?.startSeconds} s).`)
    return { vm, dirtiedBytes: ordered.map(({ dirtied }) => dirtied), addressRangeBytes: Math.max(...ordered.map(({ range }) => range)) }
  })
}
