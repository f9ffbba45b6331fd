import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
})

/**
 * Runs vitest with `args`, shows its report as it comes, and counts. A file that fails outside of its tests
 * counts as one failure; so does vitest ending badly without naming any.
 */
export async function runVitest(name: string, args: readonly string[], { scratch, env, signal }: PartSetting): Promise<PartResult> {
  const startedAtMs = Date.now()
  const reportFile = join(scratch, `${name.replaceAll(/\W+/g, '-')}.json`)
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  const { code } = await runCommand(process.execPath, [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, '--passWithNoTests', ...args], { cwd: ROOT, env, signal, show: true })
  const counted = countTests(await readFile(reportFile, 'utf8').catch(() => null))
  const silentFailure = code !== 0 && counted.failed === 0 ? 1 : 0
  return { name, ...counted, failed: counted.failed + silentFailure, seconds: (Date.now() - startedAtMs) / 1000, output: silentFailure === 1 ? `vitest ended with exit code ${code} although no test failed; its output above says why.` : '' }
}

/** Numbers of vitest's JSON report; all zero where there is none. */
export function countTests(text: string | null): Pick<PartResult, 'passed' | 'failed' | 'skipped'> {
  if (text === null) return { passed: 0, failed: 0, skipped: 0 }
  const report = jsonReport.parse(JSON.parse(text))
  const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles, skipped: report.numPendingTests + report.numTodoTests }
}
