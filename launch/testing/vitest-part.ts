import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { runCommand } from '../setup/command.ts'
import { ROOT } from '../setup/paths.ts'
import type { PartSetting } from './parts.ts'
import type { PartResult } from './report.ts'

const jsonReport = z.object({
  numPassedTests: z.number().int(),
  numFailedTests: z.number().int(),
  numPendingTests: z.number().int(),
  numTodoTests: z.number().int().default(0),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).default([]) })),
    }),
  ),
})

/** Of each failure, the message and the top of its stack; of failures, the first so many. */
const LINES_OF_A_FAILURE = 12
const FAILURES_NAMED = 20

/**
 * Runs vitest with `args`, shows its report as it comes, and counts. A file that fails outside of its tests
 * counts as one failure; so does vitest ending badly without naming any.
 */
export async function runVitest(name: string, args: readonly string[], { scratch, env, signal }: PartSetting): Promise<PartResult> {
  const startedAtMs = Date.now()
  const reportFile = join(scratch, `${name.replaceAll(/\W+/g, '-')}.json`)
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  const { code } = await runCommand(process.execPath, [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, '--passWithNoTests', ...args], { cwd: ROOT, env, signal, show: true })
  const { failures, ...counted } = readReport(await readFile(reportFile, 'utf8').catch(() => null))
  const silentFailure = code !== 0 && counted.failed === 0 ? 1 : 0
  const output = silentFailure === 1 ? `vitest ended with exit code ${code} although no test failed; its output above says why.` : failures.join('\n\n')
  return { name, ...counted, failed: counted.failed + silentFailure, seconds: (Date.now() - startedAtMs) / 1000, output }
}

/**
 * What vitest's JSON report tells: how many tests came to what (all zero where there is none), and what failed, in
 * words: the whole is told again at the end of a long run, whose reader may be given its last lines only.
 */
export function readReport(text: string | null): Pick<PartResult, 'passed' | 'failed' | 'skipped'> & { failures: string[] } {
  if (text === null) return { passed: 0, failed: 0, skipped: 0, failures: [] }
  const report = jsonReport.parse(JSON.parse(text))
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  const failures = [
    ...broken.map((file) => failureText(file.name, '', file.message)),
    ...report.testResults.flatMap((file) => file.assertionResults.filter((test) => test.status === 'failed').map((test) => failureText(file.name, test.fullName, test.failureMessages.join('\n')))),
  ]
  const more = failures.length > FAILURES_NAMED ? [`… and ${failures.length - FAILURES_NAMED} more.`] : []
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length, skipped: report.numPendingTests + report.numTodoTests, failures: [...failures.slice(0, FAILURES_NAMED), ...more] }
}

function failureText(file: string, test: string, message: string): string {
  const title = [relative(ROOT, file), test].filter((part) => part !== '').join(' > ')
  return [title, ...message.split('\n').slice(0, LINES_OF_A_FAILURE).map((line) => `  ${line}`)].join('\n')
}
