/** Spreadsheets run cells that begin with these as formulas (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/

/** Rows as CSV (RFC 4180) with a byte order mark, which Excel needs to read UTF-8. Numbers stay numbers; text never becomes a formula. */
export function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  return `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}

function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A download named `fileName` (ASCII, without quotes). */
export function csvResponse(fileName: string, text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="${fileName}"`, 'cache-control': 'no-store' } })
}
