/** Texts as one, each with its length in bytes before it, so that no two lists read the same; null is a dash. */
export function fields(values: readonly (string | null)[]): string {
  return values.map((value) => (value === null ? '-,' : `${Buffer.byteLength(value, 'utf8')}:${value},`)).join('')
}
