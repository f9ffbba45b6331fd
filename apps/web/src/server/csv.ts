/** Spreadsheets run cells that begin with these as formulas (OWASP, CSV injection), in full width as well. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

type Row = readonly (string | number | bigint | null)[]

/** What a file of CSV begins with, so that Excel reads it as UTF-8. */
export const BYTE_ORDER_MARK = '\ufeff'

/** Rows as a whole file of CSV. */
export function csv(rows: readonly Row[]): string {
  return `${BYTE_ORDER_MARK}${csvLines(rows)}`
}

/** Rows as lines of CSV (RFC 4180). Numbers stay numbers; text never becomes a formula. */
export function csvLines(rows: readonly Row[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(value: string | number | bigint | null): string {
  if (value === null) return ''
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  const safe = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A download named `fileName` (ASCII, without quotes). */
export function csvResponse(fileName: string, text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="${fileName}"`, 'cache-control': 'no-store' } })
}
