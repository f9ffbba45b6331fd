/** `npm run prove NAME`: one promise alone, the suite in `tests/NAME`, with the same set-up as `npm test`. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './setup/paths.ts'
import { openTerminal } from './setup/terminal.ts'
import { runParts, vitestPart } from './testing/parts.ts'

const terminal = openTerminal()
const { positionals } = parseArgs({ allowPositionals: true })

/** The suites there are: the folders of `tests` that hold tests. */
function suites(): string[] {
  const tests = join(ROOT, 'tests')
  return readdirSync(tests, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(tests, entry.name), { recursive: true }).some((file) => String(file).endsWith('.test.ts')))
    .map((entry) => entry.name)
    .toSorted()
}

const [name] = positionals
if (name === undefined || !suites().includes(name)) {
  console.error(`${name === undefined ? 'Which promise?' : `There is no suite tests/${name}.`} There are: ${suites().join(', ')}. For example: npm run prove ${suites()[0] ?? 'house'}`)
  process.exitCode = 1
} else {
  process.exitCode = await runParts(terminal, [{ title: `Promise ${name}`, run: vitestPart(name, ['--project', 'system', `tests/${name}/`]) }])
}
process.channel?.unref()
