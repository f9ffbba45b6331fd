/** `npm run prove NAME [-- vitest's arguments]`: one promise alone, the suite in `tests/NAME`, with the same set-up as `npm test`. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './setup/paths.ts'
import { openTerminal } from './setup/terminal.ts'
import { runParts, vitestPart } from './testing/parts.ts'

/** The suites that start QEMU's virtual machines. */
const ON_QEMU = new Set(['data-plane'])
/** Those that start a simulated vCenter. */
const ON_VCSIM = new Set(['data-plane', 'vsphere'])

const terminal = openTerminal()
/** What stands behind the name is vitest's, such as `-t 'Ctrl-C'`. */
const [name, ...forVitest] = process.argv.slice(2)

/** The suites there are: the folders of `tests` that hold tests. */
function suites(): string[] {
  const tests = join(ROOT, 'tests')
  return readdirSync(tests, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(tests, entry.name), { recursive: true }).some((file) => String(file).endsWith('.test.ts')))
    .map((entry) => entry.name)
    .toSorted()
}

if (name === undefined || !suites().includes(name)) {
  console.error(`${name === undefined ? 'Which promise?' : `There is no suite tests/${name}.`} There are: ${suites().join(', ')}. For example: npm run prove ${suites()[0] ?? 'house'}`)
  process.exitCode = 1
} else {
  const suite = vitestPart(name, ['--project', 'system*', `tests/${name}/`, ...forVitest])
  process.exitCode = await runParts(terminal, [
    {
      title: `Promise ${name}`,
      async run(setting) {
        const result = await suite(setting)
        // A pattern that meets no test proves nothing.
        const nothing = forVitest.length > 0 && result.passed + result.failed === 0
        return nothing ? { ...result, failed: 1, output: `No test of tests/${name} was run: nothing fits ${forVitest.join(' ')}.` } : result
      },
    },
  ], { qemu: ON_QEMU.has(name) ? 'NEEDED' : 'NOT', vcsim: ON_VCSIM.has(name) ? 'WANTED' : 'NOT' })
}
process.channel?.unref()
