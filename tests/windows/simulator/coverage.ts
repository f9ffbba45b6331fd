/** What really happened, counted over all stories: a simulator that does nothing proves nothing. */
export class Coverage {
  readonly #counts = new Map<string, Map<string, number>>()

  count(group: string, what: string): void {
    const own = this.#counts.get(group) ?? new Map<string, number>()
    this.#counts.set(group, own)
    own.set(what, (own.get(what) ?? 0) + 1)
  }

  of(group: string, what: string): number {
    return this.#counts.get(group)?.get(what) ?? 0
  }

  /** Of those that were to happen, what never did. */
  missing(group: string, wanted: readonly string[]): string[] {
    return wanted.filter((what) => this.of(group, what) === 0).map((what) => `${group}: ${what}`)
  }

  /** For people: one line for each count. */
  table(groups: readonly string[]): string {
    const lines = groups.flatMap((group) => [...(this.#counts.get(group) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `  ${group.padEnd(18)} ${what.padEnd(44)} ${String(count).padStart(7)}`))
    return lines.join('\n')
  }

  /** Rows against columns, for what has two names. */
  matrix(group: string, rows: readonly string[], columns: readonly string[]): string {
    const width = Math.max(...rows.map((row) => row.length))
    const heads = columns.map((column, index) => `  ${String(index + 1).padStart(2)} = ${column}`)
    const body = rows.map((row) => `  ${row.padEnd(width)}${columns.map((column) => String(this.of(group, `${row} at ${column}`)).padStart(5)).join('')}`)
    return [...heads, `  ${''.padEnd(width)}${columns.map((_, index) => String(index + 1).padStart(5)).join('')}`, ...body].join('\n')
  }
}
