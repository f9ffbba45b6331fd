/** `npm test`: all checks and tests on a machine with Node and npm only; ends with the plain line `N passed, N failed`. */
import { openTerminal } from './setup/terminal.ts'
import { checkLint, checkTypes } from './testing/checks.ts'
import { buildPart, runParts, vitestPart } from './testing/parts.ts'

process.exitCode = await runParts(openTerminal(), [
  { title: 'Types', run: checkTypes },
  { title: 'Lint', run: checkLint },
  { title: 'Unit and integration tests', run: vitestPart('unit and integration', ['--project', 'unit', '--project', 'integration']) },
  { title: 'Portal, built for production', run: buildPart },
  { title: 'Whole-system tests', run: vitestPart('whole system', ['--project', 'system']) },
], { qemu: 'WANTED', vcsim: 'WANTED' })
process.channel?.unref()
