/**
 * The frame around every measurement: options, a scratch folder, an end that leaves nothing behind.
 *
 *   await bench('copy', async ({ report, scratch, defer, rounds, wants, say }) => { … })
 *
 * `npm run bench NAME` prints a table, `-- --json` a JSON line a row, `-- --rounds N` changes how often
 * the two sides take turns, `-- --row TEXT` runs only rows whose name contains the text.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ParseArgsOptionsConfig } from 'node:util'
import { Refusal, messageOf } from '@driftless/launch/setup/failure.ts'
import { describeMachine } from './machine.ts'
import { Report } from './report.ts'

export interface Bench {
  readonly report: Report
  /** A folder of this run alone; gone at its end. Its path is short enough for unix sockets. */
  readonly scratch: string
  /** Runs at the end, last deferred first, however the run ends. */
  readonly defer: (release: () => Promise<void> | void) => void
  /** How often the two sides take turns, when the user said so. */
  readonly rounds: number | null
  /** Whether the user wants this row. */
  readonly wants: (row: string) => boolean
  /** Tells the user what goes on; never part of the result. */
  readonly say: (line: string) => void
  /** Values of the options that this bench added, by name. */
  readonly options: Readonly<Record<string, string | undefined>>
}

/** The options of every bench. */
const COMMON = { json: { type: 'boolean' }, rounds: { type: 'string' }, row: { type: 'string' } } as const

/** Runs one measurement to its end and sets the exit code: 1 when it could not be made. A missed goal is a result, no failure. */
export async function bench(name: string, measure: (context: Bench) => Promise<void>, optionNames: readonly string[] = []): Promise<void> {
  const releases: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const release of releases.splice(0).reverse()) await Promise.resolve().then(release).catch((error: unknown) => process.stderr.write(`${messageOf(error)}\n`))
  }
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true
      void stop().finally(() => process.exit(130))
    })
  }
  let report: Report | null = null
  try {
    const { values } = parse(optionNames)
    const json = values['json'] === true
    report = new Report(name, json, (text) => process.stdout.write(text))
    const scratch = await mkdtemp(join(tmpdir(), 'dl-bench-'))
    releases.push(() => rm(scratch, { recursive: true, force: true }))
    if (!json) process.stdout.write(`${await describeMachine()}\n`)
    const wanted = textOf(values['row'])
    await measure({
      report, scratch,
      defer: (release) => void releases.push(release),
      rounds: roundsOf(textOf(values['rounds'])),
      wants: (row) => wanted === undefined || row.includes(wanted),
      say: (line) => void process.stderr.write(`  ${line}\n`),
      options: Object.fromEntries(optionNames.map((option) => [option, textOf(values[option])])),
    })
    report.finish()
  } catch (error) {
    report?.finish() // what was measured before stands
    if (interrupted) return // what fails then fails for it
    process.stderr.write(`${error instanceof Refusal ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = 1
  } finally {
    await stop()
  }
}

function parse(optionNames: readonly string[]) {
  const options: ParseArgsOptionsConfig = { ...COMMON, ...Object.fromEntries(optionNames.map((option) => [option, { type: 'string' as const }])) }
  try {
    return parseArgs({ options, strict: true })
  } catch (error) {
    throw new Refusal(messageOf(error))
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function roundsOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const rounds = Number(text)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Refusal(`--rounds takes a whole number from 1 up, not "${text}".`)
  return rounds
}
