/** `npm test`: all checks and tests on a machine with Node and npm only; ends with the plain line `N passed, N failed`. */
import { openTerminal } from './setup/terminal.ts'
import { checkLint, checkTypes } from './testing/checks.ts'
import { buildPart, runParts, vitestPart } from './testing/parts.ts'

/** Of the data plane's runs with kills; `npm run prove data-plane` does them all. */
const TEST_KILL_RUNS = '3'

process.exitCode = await runParts(openTerminal(), [
  { title: 'Types', run: checkTypes },
  { title: 'Lint', run: checkLint },
  { title: 'Unit and integration tests', run: vitestPart('unit and integration', ['--project', 'unit', '--project', 'integration']) },
  { title: 'Portal, built for production', run: buildPart },
  { title: 'Whole-system tests', run: vitestPart('whole system', ['--project', 'system*'], { TEST_KILL_RUNS }) },
], { qemu: 'WANTED', vcsim: 'WANTED' })
process.channel?.unref()
