import { median } from './numbers.ts'

/** What a figure counts: decides which of two is better. */
export type Better = 'LESS' | 'MORE'

/** One line of a bench's table. */
export interface Row {
  readonly bench: string
  readonly row: string
  /** Our figure, in `unit`. */
  readonly ours: number
  /** The other tool's; null where there is none to compare with. */
  readonly theirs: number | null
  /** Above 1 we are better. Without another tool: how many times the figure fits into its limit. */
  readonly ratio: number
  /** The ratio that we want to reach; null where the row only informs. */
  readonly goal: number | null
  readonly unit: string
  /** What `theirs` is, and what one should know of this row. */
  readonly against: string
}

/** Figures of the rounds of one row, one pair a round. */
export interface Round {
  readonly ours: number
  readonly theirs: number
}

/**
 * Runs both sides in turns, the order changing every round, so that what else the machine does meets
 * both. The figures are whatever the two return.
 */
export async function alternate(rounds: number, ours: () => Promise<number>, theirs: () => Promise<number>): Promise<Round[]> {
  const results: Round[] = []
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const first = await ours()
      results.push({ ours: first, theirs: await theirs() })
    } else {
      const first = await theirs()
      results.push({ ours: await ours(), theirs: first })
    }
  }
  return results
}

/** How much better we are in one pair: above 1 better, whichever way the figure counts. */
export const ratioOf = ({ ours, theirs }: Round, better: Better): number => (better === 'LESS' ? theirs / ours : ours / theirs)

/** The row of several rounds: medians of both sides, and the median of the rounds' ratios (not the ratio of the medians). */
export function compareRounds(rounds: readonly Round[], better: Better): { ours: number; theirs: number; ratio: number } {
  return {
    ours: median(rounds.map((round) => round.ours)),
    theirs: median(rounds.map((round) => round.theirs)),
    ratio: median(rounds.map((round) => ratioOf(round, better))),
  }
}

/** Takes a bench's rows and prints them: as JSON lines at once, or as a table at the end. */
export class Report {
  readonly #bench: string
  readonly #json: boolean
  readonly #write: (text: string) => void
  readonly #rows: Row[] = []

  constructor(bench: string, json: boolean, write: (text: string) => void) {
    this.#bench = bench
    this.#json = json
    this.#write = write
  }

  add(row: Omit<Row, 'bench'>): void {
    const full: Row = { bench: this.#bench, ...row }
    this.#rows.push(full)
    if (this.#json) this.#write(`${JSON.stringify({ ...full, ours: rounded(full.ours), theirs: full.theirs === null ? null : rounded(full.theirs), ratio: rounded(full.ratio) })}\n`)
  }

  /** Adds the row of several rounds. */
  addRounds(row: { row: string; unit: string; better: Better; goal: number | null; against: string; rounds: readonly Round[] }): void {
    const { rounds, better, ...rest } = row
    this.add({ ...rest, ...compareRounds(rounds, better) })
  }

  /** Rows whose goal was not reached. */
  get missed(): readonly Row[] {
    return this.#rows.filter((row) => !isMet(row))
  }

  /** Prints the table (nothing as JSON: each row went out already). */
  finish(): void {
    if (!this.#json && this.#rows.length > 0) this.#write(formatTable(this.#rows))
  }
}

const isMet = ({ ratio, goal }: Row): boolean => goal === null || ratio >= goal

const COLUMNS = ['', 'ours', 'theirs', 'ratio', 'goal', ''] as const

function formatTable(rows: readonly Row[]): string {
  const lines = [
    ['row', ...COLUMNS.slice(1, 5), 'against'],
    ...rows.map((row) => [
      row.row,
      `${short(row.ours)} ${row.unit}`,
      row.theirs === null ? '–' : `${short(row.theirs)} ${row.unit}`,
      `${row.ratio.toFixed(2)} ×`,
      row.goal === null ? '–' : `${isMet(row) ? '✓' : '✗ missed,'} ≥ ${row.goal.toFixed(2)}`,
      row.against,
    ]),
  ]
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const text = lines.map((line) => line.map((cell, column) => (column === 0 || column === 5 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd())
  return `${text.join('\n')}\n`
}

/** Three figures that count, never an exponent. */
function short(value: number): string {
  if (!Number.isFinite(value)) return '∞'
  const size = Math.abs(value)
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 10 ? 1 : 2)
}

const rounded = (value: number): number => Number(value.toPrecision(6))
